"""From a zip with a document and its files to files that are what they are said to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import orjson
from pydantic import ValidationError

from contracts.exchange import ExchangeAttachment
from owners.domain.files import MOST_FILE_BYTES, MOST_FILES, UnsupportedFile, digest_of, media_type_of
from owners.exchange.files import DOCUMENT, FOLDER
from owners.exchange.job import FileCandidate, content_line, row_line
from owners.exchange.rules import BrokenRule
from owners.imports.archive import Archive, names_in
from owners.imports.rows import Limits, NotReadable, RowProblem

_MOST_ATTACHMENTS: Final = 5 * MOST_FILES
_MOST_NAME: Final = 100
_OF_ARCHIVE: Final = "archive"


def is_car_archive(data: bytes) -> bool:
    """Whether it is a zip with a document of CarPass."""
    return DOCUMENT in names_in(data)


def opened(data: bytes, limits: Limits) -> tuple[bytes, Archive]:
    """The document and the archive that it lies in; raises NotReadable."""
    archive = Archive(data, replace(limits, archive_members=2 * MOST_FILES))
    return archive.content(DOCUMENT), archive


class FilesIn:
    """The files that a document tells of, each looked at once."""

    def __init__(self, document: Mapping[str, Any], archive: Archive) -> None:
        """Raises NotReadable when there are far too many."""
        self._told: list[Any] = document.get("attachments", [])
        if len(self._told) > _MOST_ATTACHMENTS:
            raise NotReadable("too_many_files", f"A car has at most {MOST_FILES} files.")
        self._archive = archive
        self._looked_at: dict[str, BrokenRule | str] = {}

    def lines(self, *, contents: bool) -> Iterator[bytes | RowProblem]:
        """Files as lines of JSON, and why others are none; `contents`: what they hold as well."""
        given: set[str] = set()
        for place, told in enumerate(self._told, start=1):
            try:
                file = self._file(told, place)
            except BrokenRule as broken:
                yield RowProblem(place, f"attachments/{broken.field}", broken.code, broken.message)
                continue
            yield row_line(file)
            if contents and file.sha256 not in given:
                given.add(file.sha256)
                yield content_line(file.sha256, self._archive.content(FOLDER + file.sha256))
        yield from self._unknown()

    def _file(self, told: object, place: int) -> FileCandidate:
        try:
            one = ExchangeAttachment.model_validate_json(orjson.dumps(told), strict=True)
        except ValidationError as error:
            raise BrokenRule.of_form(error) from error
        if (one.belongs_to == "photo") != (one.external_id is None):
            raise BrokenRule("external_id", "wrong_place", "A file names the record that it belongs to, a photo none.")
        if one.belongs_to == "photo" and one.media_type == "application/pdf":
            raise BrokenRule("media_type", "unsupported_file", "A photo is a JPEG, PNG or WEBP image.")
        if one.sha256 not in self._looked_at:
            self._looked_at[one.sha256] = self._look_at(one.sha256)
        found = self._looked_at[one.sha256]
        if isinstance(found, BrokenRule):
            raise found
        if one.media_type != found:
            raise BrokenRule("media_type", "media_type_mismatch", f"The file is {found} by its content.")
        if one.size != self._archive.sizes[FOLDER + one.sha256]:
            raise BrokenRule("size", "size_mismatch", "The file has another size.")
        return FileCandidate(line=place, **one.model_dump())

    def _look_at(self, sha256: str) -> BrokenRule | str:
        """What a file is, by its content; nothing of a wrong one is kept."""
        size = self._archive.sizes.get(FOLDER + sha256)
        if size is None:
            return BrokenRule("sha256", "content_missing", "The archive does not hold this file.")
        if size > MOST_FILE_BYTES:
            return BrokenRule("size", "too_large", f"A file may have at most {MOST_FILE_BYTES} bytes.")
        content = self._archive.content(FOLDER + sha256)
        if digest_of(content).hex() != sha256:
            return BrokenRule("sha256", "hash_mismatch", "The file in the archive is another one than its name says.")
        try:
            return media_type_of(content)
        except UnsupportedFile as error:
            return BrokenRule("media_type", "unsupported_file", str(error))

    def _unknown(self) -> Iterator[RowProblem]:
        named = {
            told["sha256"] for told in self._told if isinstance(told, dict) and isinstance(told.get("sha256"), str)
        }
        known = {DOCUMENT, *(f"{FOLDER}{sha256}" for sha256 in named)}
        for place, name in enumerate(self._archive.sizes, start=1):
            if name not in known:
                shown = "".join(character if character.isprintable() else "?" for character in name[:_MOST_NAME])
                yield RowProblem(place, _OF_ARCHIVE, "unknown_member", f"{shown} belongs to nothing in {DOCUMENT}.")
