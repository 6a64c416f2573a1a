"""Bytes of any known format to neutral rows: unpacked, decoded, recognised, converted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final, NamedTuple

from owners.imports.archive import is_archive, tables_in
from owners.imports.build import built
from owners.imports.conventions import conventions_of
from owners.imports.formats import acar, drivvo, fuelio, fuelly, mapped, spritmonitor
from owners.imports.rows import Declared, ImportedRow, Limits, NotReadable, ParsedFile, Question, RowProblem
from owners.imports.source import Source
from owners.imports.table import Record, records
from owners.imports.text import decoded

FORMATS: Final = (
    fuelio.NAME,
    drivvo.NAME,
    acar.NAME,
    fuelly.NAME,
    spritmonitor.NAME,
    mapped.LUBELOGGER,
    mapped.GENERIC,
)
"""Beside CarPass' own document."""

_HEADS: Final = 5


class _Format(NamedTuple):
    recognises: Callable[[Sequence[Record]], bool]
    read: Callable[[Sequence[Record]], Source]


_KNOWN: Final[Mapping[str, _Format]] = MappingProxyType(
    {
        fuelio.NAME: _Format(fuelio.is_fuelio, fuelio.read),
        drivvo.NAME: _Format(drivvo.is_drivvo, drivvo.read),
        acar.NAME: _Format(acar.is_acar, acar.read),
        fuelly.NAME: _Format(fuelly.is_fuelly, fuelly.read),
        spritmonitor.NAME: _Format(spritmonitor.is_spritmonitor, spritmonitor.read),
    }
)


def parse(data: bytes, *, declared: Declared, limits: Limits) -> ParsedFile:
    """The file's rows, or the questions that must be answered first; raises NotReadable."""
    tables = tables_in(data, limits) if is_archive(data) else [("", data)]
    found = [(name, _source(content, declared, limits)) for name, content in tables]
    if len(found) > 1:
        found = [(name, source) for name, source in found if isinstance(source, Source) and source.rows] or found
        found, question = _chosen(found, declared)
        if question is not None:
            return ParsedFile(_format_of(found), None, (), (), (question,), {})
    [(_, source)] = found
    if isinstance(source, Question):
        return ParsedFile(mapped.GENERIC, None, (), (), (source,), {})
    return _converted(source, declared)


def _source(data: bytes, declared: Declared, limits: Limits) -> Source | Question:
    text = decoded(data)
    table = list(records(text, limits))
    if not table:
        raise NotReadable("empty", "There is nothing in this file.")
    if len(table) > limits.rows + _HEADS * len(FORMATS):
        raise NotReadable("too_many_rows", f"A file may have at most {limits.rows} rows.")
    name = declared.format or _recognised(table)
    if name == spritmonitor.NAME:
        table = list(records(text, limits, escape=spritmonitor.ESCAPE))
    known = _KNOWN.get(name)
    if known is None:
        return mapped.read(table, declared, name=name)
    if not known.recognises(table):
        raise NotReadable("unknown_format", f"This is no file of {name}.")
    return known.read(table)


def _recognised(table: Sequence[Record]) -> str:
    for name, known in _KNOWN.items():
        if known.recognises(table):
            return name
    return mapped.LUBELOGGER if mapped.is_lubelogger(table) else mapped.GENERIC


def _chosen(
    found: list[tuple[str, Source | Question]], declared: Declared
) -> tuple[list[tuple[str, Source | Question]], Question | None]:
    """The table of the vehicle that was asked for."""
    names = {_vehicle_of(name, source): (name, source) for name, source in found}
    if len(names) == 1 and declared.vehicle is None:
        return [next(iter(names.values()))], None
    if declared.vehicle in names:
        return [names[declared.vehicle]], None
    return found, Question("vehicle", tuple(names), next(iter(names)))


def _vehicle_of(name: str, source: Source | Question) -> str:
    told = source.car.name if isinstance(source, Source) and source.car else None
    return told or PurePosixPath(name).stem


def _format_of(found: Sequence[tuple[str, Source | Question]]) -> str:
    return next((source.format for _, source in found if isinstance(source, Source)), mapped.GENERIC)


def _converted(source: Source, declared: Declared) -> ParsedFile:
    source, others, question = _of_one_vehicle(source, declared)
    conventions, questions = conventions_of(source, declared)
    if question is not None:
        questions = (question, *questions)
    ignored = dict(Counter(source.ignored) + Counter({"other_vehicles": others}))
    if questions:
        return ParsedFile(source.format, source.car, (), (), questions, ignored)
    rows: list[ImportedRow] = []
    problems: list[RowProblem] = []
    for row in source.rows:
        made = built(row, conventions)
        if isinstance(made, ImportedRow):
            rows.append(made)
        else:
            problems += made
    return ParsedFile(source.format, source.car, tuple(rows), tuple(problems), (), ignored)


def _of_one_vehicle(source: Source, declared: Declared) -> tuple[Source, int, Question | None]:
    """The rows of one vehicle, how many there are of others, and which one is meant where that is open."""
    vehicles = list(dict.fromkeys(row.vehicle for row in source.rows if row.vehicle is not None))
    if len(vehicles) <= 1:
        return source, 0, None
    if declared.vehicle not in vehicles:
        return source, 0, Question("vehicle", tuple(vehicles), vehicles[0])
    kept = [row for row in source.rows if row.vehicle in {None, declared.vehicle}]
    others = len(source.rows) - len(kept)
    return Source(source.format, kept, source.facts, source.car, source.ignored), others, None
