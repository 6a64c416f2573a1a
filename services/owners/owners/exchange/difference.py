"""What an import would change: each row of a file against what the car's history holds already."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple
from uuid import UUID

import orjson

from contracts.exchange_records import Kind
from owners.domain.car import EnergyKind
from owners.exchange.candidate import Candidate
from owners.exchange.difference_files import ComparedFile, FileStatus
from owners.exchange.job import ReadFile
from owners.imports.rows import RowProblem

type Status = Literal["new", "duplicate", "conflict", "error"]


class Known(NamedTuple):
    """A record that is there already; `imported_digest` is of what it was imported as, if it was."""

    id: UUID
    kind: Kind
    external_id: str
    content: str
    digest: str
    likeness: str | None
    imported_digest: str | None


class Compared(NamedTuple):
    """A row, and what an import would do with it: only a new one is added."""

    status: Status
    candidate: Candidate
    record_id: UUID | None = None
    fields: tuple[str, ...] = ()
    """In which a conflicting row differs from the record that stands there."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What an import would do, and a hash that is another one as soon as it would do anything else."""

    rows: Sequence[Compared]
    problems: Sequence[RowProblem]
    hash: str
    files: Sequence[ComparedFile] = ()

    @property
    def new(self) -> list[Candidate]:
        """What would be added."""
        return [row.candidate for row in self.rows if row.status == "new"]

    @property
    def new_files(self) -> list[ComparedFile]:
        """The files that would be added."""
        return [one for one in self.files if one.status == "new"]

    @property
    def file_counts(self) -> dict[FileStatus, int]:
        """How many files there are of each status."""
        counted = Counter(one.status for one in self.files)
        return {"new": counted["new"], "duplicate": counted["duplicate"], "conflict": counted["conflict"]}

    def with_files(self, files: Sequence[ComparedFile], problems: Sequence[RowProblem]) -> Difference:
        """The same with an archive's files; another hash, if there are any."""
        digest = hashlib.sha256(self.hash.encode())
        for status, file, record_id in files:
            told = (status, str(record_id), file.belongs_to, file.external_id, file.sha256, file.name)
            digest.update(orjson.dumps(told) + b"\n")
        for problem in problems:
            digest.update(orjson.dumps((problem.line, problem.field, problem.code)) + b"\n")
        return Difference(self.rows, [*self.problems, *problems], digest.hexdigest(), files)

    @property
    def counts(self) -> dict[Status, int]:
        """How many rows there are of each status."""
        counted = Counter(row.status for row in self.rows)
        return {
            "new": counted["new"],
            "duplicate": counted["duplicate"],
            "conflict": counted["conflict"],
            "error": len(self.problems),
        }


def difference(
    car_id: UUID, read: ReadFile, known: Iterable[Known], *, energy_kinds: Sequence[EnergyKind] = ()
) -> Difference:
    """Compares a file with a car's records. With `energy_kinds`, those of the car, it takes no other fuel."""
    problems = list(read.problems)
    candidates = []
    for candidate in read.candidates:
        problem = _wrong_kind(candidate, energy_kinds)
        if problem is None:
            candidates.append(candidate)
        else:
            problems.append(problem)
    there = _There()
    for record in known:
        there.add(record)
    rows = _compared(candidates, there, problems)
    return Difference(rows, problems, _hash(car_id, rows, problems))


@dataclass(slots=True)
class _There:
    """The known records, each of which answers for one row of the file at most."""

    by_external_id: dict[tuple[Kind, str], Known] = field(default_factory=dict)
    _by_digest: defaultdict[str, list[Known]] = field(default_factory=lambda: defaultdict(list))
    _by_likeness: defaultdict[str, list[Known]] = field(default_factory=lambda: defaultdict(list))
    _taken: set[UUID] = field(default_factory=set)

    def add(self, known: Known) -> None:
        self.by_external_id[known.kind, known.external_id] = known
        for digest in {known.digest, known.imported_digest or known.digest}:
            self._by_digest[digest].append(known)
        if known.likeness is not None:
            self._by_likeness[known.likeness].append(known)

    def take(self, known: Known) -> None:
        self._taken.add(known.id)

    def take_equal(self, candidate: Candidate) -> Known | None:
        """A record that says the same, once each: of two equal tickets the second needs a second record."""
        return self._take(self._by_digest.get(candidate.digest))

    def take_alike(self, candidate: Candidate) -> Known | None:
        """A record of that date, odometer and amount, which says something else besides."""
        return self._take(self._by_likeness.get(candidate.likeness)) if candidate.likeness else None

    def _take(self, found: list[Known] | None) -> Known | None:
        while found:
            known = found.pop()
            if known.id not in self._taken:
                self._taken.add(known.id)
                return known
        return None


def _compared(candidates: Sequence[Candidate], there: _There, problems: list[RowProblem]) -> list[Compared]:
    """The rows in their order: by external id first, then by what they say, then by date, odometer and amount."""
    found: dict[int, Compared] = {}
    seen: dict[tuple[Kind, str], str] = {}
    open_places: list[int] = []
    for place, candidate in enumerate(candidates):
        if candidate.external_id is None:
            open_places.append(place)
            continue
        key = candidate.kind, candidate.external_id
        if key in seen:
            if seen[key] == candidate.digest:
                found[place] = Compared("duplicate", candidate)
            else:
                problems.append(_repeated_id(candidate))
            continue
        seen[key] = candidate.digest
        known = there.by_external_id.get(key)
        if known is None:
            open_places.append(place)
        else:
            there.take(known)
            found[place] = _beside(known, candidate)
    for place in open_places:
        known = there.take_equal(candidates[place])
        if known is not None:
            found[place] = Compared("duplicate", candidates[place], known.id)
    for place in open_places:
        if place not in found:
            known = there.take_alike(candidates[place])
            found[place] = Compared("new", candidates[place]) if known is None else _beside(known, candidates[place])
    return [found[place] for place in sorted(found)]


def _beside(known: Known, candidate: Candidate) -> Compared:
    """A row beside the record that it means: it may have been changed here since, or there."""
    if candidate.digest in (known.digest, known.imported_digest):
        return Compared("duplicate", candidate, known.id)
    return Compared("conflict", candidate, known.id, differing_fields(known.content, candidate.content))


def differing_fields(one: str, other: str) -> tuple[str, ...]:
    """The fields in which two contents differ."""
    left: dict[str, Any] = orjson.loads(one)
    right: dict[str, Any] = orjson.loads(other)
    return tuple(name for name in dict.fromkeys([*left, *right]) if left.get(name) != right.get(name))


def _wrong_kind(candidate: Candidate, energy_kinds: Sequence[EnergyKind]) -> RowProblem | None:
    if candidate.kind != "fuel_entry" or not energy_kinds:
        return None
    told = orjson.loads(candidate.content)["energy_kind"]
    if told in energy_kinds:
        return None
    message = f"This car runs on {', '.join(energy_kinds)}. If it takes {told} as well, add that to the car first."
    return RowProblem(candidate.line, "energy_kind", "wrong_energy_kind", message)


def _repeated_id(candidate: Candidate) -> RowProblem:
    message = "The file has two different rows with this external id."
    return RowProblem(candidate.line, "external_id", "external_id_repeated", message)


def _hash(car_id: UUID, rows: Iterable[Compared], problems: Iterable[RowProblem]) -> str:
    digest = hashlib.sha256(car_id.bytes)
    for row in rows:
        one = row.candidate
        told = (row.status, str(row.record_id), one.kind, one.external_id, one.content, one.origin)
        digest.update(orjson.dumps(told) + b"\n")
    for problem in problems:
        digest.update(orjson.dumps((problem.line, problem.field, problem.code)) + b"\n")
    return digest.hexdigest()
