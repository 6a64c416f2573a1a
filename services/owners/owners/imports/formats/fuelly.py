"""Fuelly's web export `fuelups.csv`: the price is of one unit, and a column's name tells the unit."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from owners.imports.formats.section import Section, raw
from owners.imports.source import Aliases, Facts, Source, plain
from owners.imports.table import Record

NAME: Final = "fuelly"

_ALIASES: Final[Aliases] = MappingProxyType(
    {
        "fuelup_date": "day",
        "odometer": "odometer",
        **dict.fromkeys(("gallons", "litres", "liters"), "volume"),
        "price": "unit_price",
        "notes": "note",
        "missed_fuelup": "missed",
        "partial_fuelup": "partial",
        "brand": "station",
    }
)


def is_fuelly(records: Sequence[Record]) -> bool:
    """Whether its header has Fuelly's own words."""
    return bool(records) and {"fuelup_date", "partial_fuelup"} <= _names(records[0])


def read(records: Sequence[Record]) -> Source:
    """The fills of all its cars."""
    section = Section("fuelups", records[0], list(records[1:]))
    names = _names(section.header)
    columns = section.columns(_ALIASES)
    rows = []
    for record in section.rows:
        vehicle = section.named(record).get("car_name", "").strip() or None
        rows.append(raw(record, columns, "fuel", section.title, vehicle=vehicle))
    litres = bool({"litres", "liters"} & names)
    facts = Facts(
        distance_unit="mi" if "miles" in names else "km" if "km" in names else None,
        volume_unit="l" if litres else None,
        gallons="gallons" in names,
    )
    return Source(NAME, rows, facts)


def _names(header: Record) -> set[str]:
    return {plain(cell) for cell in header.cells}
