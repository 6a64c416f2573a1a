"""ZIP backups, opened within bounds: a file's own word for its sizes is checked before anything is unpacked."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from owners.imports.rows import Limits, NotReadable

_SIGNATURES: Final = (b"PK\x03\x04", b"PK\x05\x06")
_ENCRYPTED: Final = 0x1
_UNPACKED_HERE: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_END: Final = b"PK\x05\x06"
_END_BYTES: Final = 22
_DIRECTORY_AT: Final = 12
_END_OF_ZIP64: Final = b"PK\x06\x07"
_END_OF_ZIP64_BYTES: Final = 20
_MOST_COMMENT: Final = 0xFFFF
_MOST_DIRECTORY_BYTES: Final = 250_000
_TABLES: Final = frozenset({".csv", ".txt"})
_SMALL: Final = 10_000
"""Below this size a member may be as compressible as it likes."""


def is_archive(data: bytes) -> bool:
    """Whether the bytes begin as a ZIP does."""
    return data.startswith(_SIGNATURES)


def is_workbook(data: bytes) -> bool:
    """Whether a ZIP is an Office Open XML spreadsheet."""
    return is_archive(data) and "xl/workbook.xml" in {member.filename for member in _members(data)}


def check_bounds(data: bytes, limits: Limits) -> None:
    """Raises NotReadable for an archive that is broken, encrypted, or bigger inside than `limits` allow."""
    _check(_members(data), limits)


def tables_in(data: bytes, limits: Limits) -> list[tuple[str, bytes]]:
    """Name and content of the text tables in an archive, sorted by name; raises NotReadable."""
    members = _members(data)
    _check(members, limits)
    if any(PurePosixPath(member.filename).name == "metadata.inf" for member in members):
        raise NotReadable("acar_backup", "This is a full backup of aCar. Export the records as CSV there instead.")
    names = sorted({m.filename for m in members if PurePosixPath(m.filename).suffix.lower() in _TABLES})
    if not names:
        raise NotReadable("no_table", "This archive holds no CSV file.")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(name, _content(archive, name, limits)) for name in names]


class Archive:
    """A ZIP within bounds; `sizes`: how big each file in it is once unpacked."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        """Raises NotReadable for one that is broken, encrypted, bigger inside than `limits` allow, or has links."""
        self._limits = limits
        members = _members(data)
        _check(members, limits)
        self._archive = zipfile.ZipFile(io.BytesIO(data))  # of memory, so that nothing need be closed
        self.sizes = {member.filename: member.file_size for member in members if not member.is_dir()}

    def content(self, name: str) -> bytes:
        """A member's content; raises NotReadable when it is damaged."""
        return _content(self._archive, name, self._limits)


def names_in(data: bytes) -> frozenset[str]:
    """The names of an archive's members; none of what is no archive."""
    return frozenset(member.filename for member in _members(data)) if is_archive(data) else frozenset()


def _members(data: bytes) -> list[zipfile.ZipInfo]:
    if _directory_bytes(data) > _MOST_DIRECTORY_BYTES:  # each entry costs time before anything else can be checked
        raise NotReadable("too_big", "This archive has too many files.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OSError):
        raise NotReadable("broken_archive", "This ZIP archive is damaged.") from None


def _check(members: Sequence[zipfile.ZipInfo], limits: Limits) -> None:
    if len(members) > limits.archive_members or sum(m.file_size for m in members) > limits.unpacked_bytes:
        raise NotReadable("too_big", "This archive is too big once unpacked.")
    for member in members:
        if member.flag_bits & _ENCRYPTED:
            raise NotReadable("encrypted", "This archive has a password. Unpack it and send the CSV file.")
        if _is_bomb(member, limits):
            raise NotReadable("too_big", "This archive unpacks to far more than it holds.")
        if _escapes(member.filename):
            raise NotReadable("broken_archive", "This archive names files outside of itself.")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise NotReadable("broken_archive", "This archive holds links. Pack the files themselves.")
        if member.compress_type not in _UNPACKED_HERE:
            raise NotReadable("broken_archive", "This archive is compressed in a way that is not read here.")
    if len({member.filename for member in members}) < len(members):
        raise NotReadable("broken_archive", "This archive holds two files of the same name.")


def _directory_bytes(data: bytes) -> int:
    """The size of the list of members, as the archive's end says, which is what zipfile goes by."""
    end = data.rfind(_END, max(0, len(data) - _END_BYTES - _MOST_COMMENT))
    if end < 0:
        return 0  # damaged, which zipfile says
    if data[end - _END_OF_ZIP64_BYTES : end].startswith(_END_OF_ZIP64):
        raise NotReadable("too_big", "This archive is in the form of those above 4 GB.")
    return int.from_bytes(data[end + _DIRECTORY_AT : end + _DIRECTORY_AT + 4], "little")


def _is_bomb(member: zipfile.ZipInfo, limits: Limits) -> bool:
    return member.file_size > max(_SMALL, member.compress_size * limits.compression_ratio)


def _escapes(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or ":" in name


def _content(archive: zipfile.ZipFile, name: str, limits: Limits) -> bytes:
    try:
        with archive.open(name) as member:
            content = member.read(limits.unpacked_bytes + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error):
        raise NotReadable("broken_archive", "This ZIP archive is damaged.") from None
    if len(content) > limits.unpacked_bytes:
        raise NotReadable("too_big", "This archive is too big once unpacked.")
    return content
