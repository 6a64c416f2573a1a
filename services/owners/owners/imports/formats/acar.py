"""aCar: a CSV of plain title lines, each with a table below. Several vehicles in one file, units in every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from owners.imports.categories import category_of
from owners.imports.formats.section import Section, raw, sections_of
from owners.imports.rows import DateOrder
from owners.imports.source import Aliases, Facts, Kind, RawRow, Source
from owners.imports.table import Record

NAME: Final = "acar"

_TITLES: Final = frozenset({"metadata", "vehicles", "fill-up records", "event records", "trip records"})
_ORDERS: Final[dict[str, DateOrder]] = {"y": "ymd", "d": "dmy", "m": "mdy"}
_FILLS: Final[Aliases] = MappingProxyType(
    {
        "date": "day",
        "time": "time",
        "odometer reading": "odometer",
        "distance unit": "distance_unit",
        "volume": "volume",
        "volume unit": "volume_unit",
        "price per unit": "unit_price",
        "total cost": "total",
        "partial fill-up?": "partial",
        "previously missed fill-ups?": "missed",
        "fuel type": "energy",
        "fuel category": "energy",
        "fuel brand": "station",
        "notes": "note",
    }
)
_EVENTS: Final[Aliases] = MappingProxyType(
    {
        "date": "day",
        "odometer reading": "odometer",
        "distance unit": "distance_unit",
        "type": "category",
        "sub types": "title",
        "total cost": "total",
        "place name": "vendor",
        "notes": "note",
    }
)


def is_acar(records: Sequence[Record]) -> bool:
    """Whether its first line is one of aCar's titles."""
    return bool(records) and _title(records[0]) is not None


def read(records: Sequence[Record]) -> Source:
    """Fills and events; trips and payments of a loan are counted and left out."""
    sections = sections_of(records, _title)
    ignored: Counter[str] = Counter()
    rows: list[RawRow] = []
    for section in sections:
        if section.title == "fill-up records":
            rows += [_row(section, record, _FILLS, "fuel") for record in section.rows]
        elif section.title == "event records":
            rows += [row for record in section.rows if (row := _event(section, record, ignored)) is not None]
        elif section.title == "trip records":
            ignored["trips"] += len(section.rows)
    return Source(NAME, rows, Facts(date_order=_date_order(sections)), None, dict(ignored))


def _title(record: Record) -> str | None:
    told = [cell for cell in record.cells if cell.strip()]
    name = told[0].strip().casefold() if len(told) == 1 else ""
    return name if name in _TITLES else None


def _date_order(sections: Sequence[Section]) -> DateOrder | None:
    for section in sections:
        if section.title == "metadata":
            for record in (section.header, *section.rows):
                told = section.named(record)
                cells = [cell.strip() for cell in record.cells]
                written = told.get("date format", "")
                if cells[0].casefold() == "date format" and len(cells) > 1:
                    written = cells[1]
                if written and written[0].casefold() in _ORDERS and written.casefold() != "date format":
                    return _ORDERS[written[0].casefold()]
    return None


def _event(section: Section, record: Record, ignored: Counter[str]) -> RawRow | None:
    told = section.named(record)
    booked = category_of(f"{told.get('type', '')} {told.get('sub types', '')}")
    if booked == "loan":
        ignored["loan_payments"] += 1
        return None
    is_service = told.get("type", "").strip().casefold() == "service" or booked == "service"
    return _row(section, record, _EVENTS, "service" if is_service else "expense")


def _row(section: Section, record: Record, aliases: Aliases, kind: Kind) -> RawRow:
    vehicle = section.named(record).get("vehicle", "").strip() or None
    return raw(record, section.columns(aliases), kind, section.title, vehicle=vehicle)
