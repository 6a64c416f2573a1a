"""What the files of an archive would add to a car's, and where each of them belongs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from uuid import UUID

from owners.domain.files import MOST_CAR_BYTES, MOST_FILES, MOST_FILES_HERE, KeptFile
from owners.exchange.candidate import Candidate
from owners.exchange.job import FileCandidate
from owners.imports.rows import RowProblem

type FileStatus = Literal["new", "duplicate", "conflict"]


class ComparedFile(NamedTuple):
    """A file, and what an import would do with it: only a new one is added. A conflict is another photo."""

    status: FileStatus
    file: FileCandidate
    record_id: UUID | None
    """The record here that it belongs to, for a photo the car; None when that is new itself."""


class Standing(NamedTuple):
    """What the car has already. `records`: each record of the file, with the one here that it means, if any."""

    car_id: UUID
    may_change_photo: bool
    records: Iterable[tuple[Candidate, UUID | None]]
    files: Sequence[KeptFile]
    attested: Collection[UUID]


def compared_files(files: Iterable[FileCandidate], standing: Standing) -> tuple[list[ComparedFile], list[RowProblem]]:
    """The files in their order, and why others stay out."""
    there = _There(standing)
    found: list[ComparedFile] = []
    problems: list[RowProblem] = []
    for file in files:
        one = there.place(file)
        if isinstance(one, ComparedFile):
            found.append(one)
        else:
            problems.append(RowProblem(file.line, "attachments", *one))
    return found, problems


@dataclass(slots=True)
class _There:
    """The files that are here, and those that come before."""

    standing: Standing
    _records: dict[tuple[str, str], UUID | None] = field(default_factory=dict)
    _at: Counter[object] = field(default_factory=Counter)
    _taken: set[tuple[object, str]] = field(default_factory=set)
    _bytes: int = 0
    _files: int = 0

    def __post_init__(self) -> None:
        for candidate, record_id in self.standing.records:
            if candidate.external_id is not None:
                self._records.setdefault((candidate.kind, candidate.external_id), record_id)
        for kept in self.standing.files:
            self._take(kept.target_id, kept.sha256.hex(), kept.size)

    def place(self, file: FileCandidate) -> ComparedFile | tuple[str, str]:
        """What becomes of the file, or a code and a sentence that say why nothing does."""
        if file.external_id is None:
            return self._photo(file)
        key = (file.belongs_to, file.external_id)
        if key not in self._records:
            return "record_missing", "The record that it belongs to is not in the file, or cannot be taken in."
        record_id = self._records[key]
        if record_id in self.standing.attested:
            return "record_is_attested", "What a completed work order attests takes no file."
        return self._new(file, record_id or key, record_id)

    def _photo(self, file: FileCandidate) -> ComparedFile | tuple[str, str]:
        car_id = self.standing.car_id
        if self._at[car_id] and (car_id, file.sha256) not in self._taken:
            return ComparedFile("conflict", file, car_id)
        if not self._at[car_id] and not self.standing.may_change_photo:
            return "photo_is_the_owners", "The car's photo is its owner's to choose."
        return self._new(file, car_id, car_id)

    def _new(self, file: FileCandidate, place: object, record_id: UUID | None) -> ComparedFile | tuple[str, str]:
        if (place, file.sha256) in self._taken:
            return ComparedFile("duplicate", file, record_id)
        if self._at[place] >= MOST_FILES_HERE:
            return "too_many_files", f"At most {MOST_FILES_HERE} files belong to one entry or document."
        if self._files >= MOST_FILES or self._bytes + file.size > MOST_CAR_BYTES:
            return "too_many_files", f"A car has at most {MOST_FILES} files of {MOST_CAR_BYTES} bytes together."
        self._take(place, file.sha256, file.size)
        return ComparedFile("new", file, record_id)

    def _take(self, place: object, sha256: str, size: int) -> None:
        self._taken.add((place, sha256))
        self._at[place] += 1
        self._files += 1
        self._bytes += size
