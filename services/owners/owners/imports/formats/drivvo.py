"""Drivvo: sections with localised headers. The first columns stand where they stand; up to three fuels share a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from owners.domain.fuel.units import VolumeUnit
from owners.domain.odometer.reading import Unit
from owners.imports import words
from owners.imports.categories import category_of
from owners.imports.formats.section import Section, raw, sections_of
from owners.imports.source import Columns, Facts, RawRow, Source, plain
from owners.imports.table import Record

NAME: Final = "drivvo"

_TITLES: Final = (
    ("fuel", ("refuel", "reabast", "abastec", "заправ", "tankowa", "betank")),
    ("expense", ("expens", "gasto", "despesa", "расход", "ausgabe", "wydat")),
    ("service", ("servi", "сервис", "обслуж", "wartung")),
    ("vehicle", ("vehic", "veíc", "veic", "автомоб", "fahrzeug", "pojazd")),
)
_FILL: Final = ("odometer", "day", "energy", "unit_price", "total", "volume", "full")
_NEXT_FUEL: Final = ("energy", "unit_price", "total", "volume", "full")
_THREE: Final = ("odometer", "day", "total")
_FUELS: Final = 3
_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("азс", "gas station", "station", "posto de combustível", "posto", "gasolinera"), "station"),
        **dict.fromkeys(("примечание", "notes", "note", "observação", "observación", "observation"), "note"),
        **dict.fromkeys(("вид расхода", "type of expense", "тип расхода", "tipo de despesa"), "category"),
        **dict.fromkeys(("вид сервиса", "type of service", "tipo de serviço", "tipo de servicio"), "category"),
        **dict.fromkeys(("название сервиса", "title", "service name", "название"), "title"),
        **dict.fromkeys(("местный расход", "место", "place", "local", "lugar"), "vendor"),
    }
)


def is_drivvo(records: Sequence[Record]) -> bool:
    """Whether its first line is the title of one of Drivvo's sections."""
    return bool(records) and _title(records[0]) in {"fuel", "expense", "service"}


def read(records: Sequence[Record]) -> Source:
    """Fills, expenses and services; payments of a loan and other sections are counted and left out."""
    sections = sections_of(records, _title)
    ignored: Counter[str] = Counter()
    rows: list[RawRow] = []
    for section in sections:
        match section.title:
            case "fuel":
                rows += [row for record in section.rows for row in _fills(section, record)]
            case "expense" | "service":
                rows += _costs(section, ignored)
            case "vehicle":
                pass
            case _:
                ignored["other_sections"] += len(section.rows)
    return Source(NAME, rows, _facts(sections), None, dict(ignored))


def _title(record: Record) -> str | None:
    first = record.cells[0].strip()
    if not first.startswith("#"):
        return None
    name = first.lstrip("#").strip().casefold()
    return next((kind for kind, beginnings in _TITLES if name.startswith(beginnings)), name)


def _fills(section: Section, record: Record) -> Iterator[RawRow]:
    """One row for each fuel: the first seven columns, then five for the second and five for the third."""
    header = section.header.cells
    for number in range(_FUELS):
        start = len(_FILL) + (number - 1) * len(_NEXT_FUEL)
        if number and not any(_is_further(header[at]) for at in range(start, min(start + 1, len(header)))):
            return
        columns = Columns.placed(header, _places(header, number))
        row = raw(record, columns, "fuel", "Refuelling")
        amounts = {row.cells.get(name, "0").strip("0., ") for name in ("volume", "total")}
        if number == 0 or amounts != {""}:
            yield row


def _is_further(header: str) -> bool:
    """Whether a column is the name of a second or third fuel."""
    name = plain(header)
    return any(word in name for word in ("втор", "трет", "second", "third", "segund", "tercer", "terceir", "zweit"))


def _places(header: Sequence[str], number: int) -> list[str | None]:
    """The field of each column as the fuel of that number has it."""
    fields: list[str | None] = [None] * len(header)
    for place, name in enumerate(_FILL[: len(header)]):
        if number == 0 or name in {"odometer", "day"}:
            fields[place] = name
    start = len(_FILL) + (number - 1) * len(_NEXT_FUEL)
    if number:
        for place, name in enumerate(_NEXT_FUEL, start):
            if place < len(header):
                fields[place] = name
    _by_name(header, fields)
    return fields


def _costs(section: Section, ignored: Counter[str]) -> Iterator[RawRow]:
    header = section.header.cells
    fields: list[str | None] = [None] * len(header)
    for place, name in enumerate(_THREE[: len(header)]):
        fields[place] = name
    _by_name(header, fields)
    columns = Columns.placed(header, fields)
    for record in section.rows:
        told = columns.cells(record)
        booked = category_of(told.get("category") or told.get("title"))
        if booked == "loan":
            ignored["loan_payments"] += 1
        elif section.title == "service" or booked == "service":
            yield raw(record, columns, "service", "Service")
        else:
            yield raw(record, columns, "expense", "Expense")


def _by_name(header: Sequence[str], fields: list[str | None]) -> None:
    for place, title in enumerate(header):
        found = _WORDS.get(plain(title))
        if found is not None and fields[place] is None and found not in fields:
            fields[place] = found


def _facts(sections: Sequence[Section]) -> Facts:
    distance: Unit | None = None
    volume: VolumeUnit | None = None
    gallons = False
    for section in sections:
        header = section.header.cells
        distance = distance or words.distance_unit(_in_brackets(header[0]))
        if section.title == "fuel" and len(header) >= len(_FILL):
            unit = header[3].rpartition("/")[2]
            volume = volume or words.volume_unit(unit)
            gallons = gallons or words.is_gallons(unit)
    return Facts(distance_unit=distance, volume_unit=volume, gallons=gallons)


def _in_brackets(header: str) -> str:
    return header.rpartition("(")[2].partition(")")[0]
