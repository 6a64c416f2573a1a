"""Fuelio: `vehicle-N-sync.csv`, alone or zipped in a backup. The price of a fill is its total."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from owners.domain.fuel.units import VolumeUnit
from owners.domain.odometer.reading import Unit
from owners.imports.categories import category_of
from owners.imports.formats.section import Section, raw, sections_of
from owners.imports.rows import CarDetails
from owners.imports.source import Aliases, Facts, RawRow, Source, plain
from owners.imports.table import Record

NAME: Final = "fuelio"

_FUELS: Final = {1: "petrol", 2: "diesel", 3: "ethanol", 4: "lpg", 5: "cng", 6: "electric", 7: "flex"}
_WORDS: Final = frozenset({"title", "station", "note"})
_MARKED: Final = frozenset("=+-@'")
_NO_REMINDER: Final = "2011-01-01"
_DISTANCES: Final[dict[str, Unit]] = {"0": "km", "1": "mi"}
_VOLUMES: Final[dict[str, VolumeUnit]] = {"0": "l", "1": "gal_us", "2": "gal_uk"}
_LOG: Final[Aliases] = MappingProxyType(
    {
        "data": "day",
        **dict.fromkeys(("odo (km)", "odo (mi)", "odo"), "odometer"),
        **dict.fromkeys(("fuel (litres)", "fuel (us gallons)", "fuel (uk gallons)", "fuel"), "volume"),
        "full": "full",
        "price": "total",
        "volumeprice": "unit_price",
        "city": "station",
        "notes": "note",
        "missed": "missed",
    }
)
_COSTS: Final[Aliases] = MappingProxyType(
    {"costtitle": "title", "date": "day", "odo": "odometer", "notes": "note", "cost": "total"}
)


def is_fuelio(records: Sequence[Record]) -> bool:
    """Whether the file begins with Fuelio's section of the vehicle, or has its log."""
    return any(_title(record) in {"vehicle", "log"} for record in records[:3])


def read(records: Sequence[Record]) -> Source:
    """Log and costs; templates, incomes and payments of a loan are counted and left out."""
    sections = sections_of(records, _title)
    vehicle = _vehicle(sections)
    names = _category_names(sections)
    ignored: Counter[str] = Counter()
    rows: list[RawRow] = []
    for section in sections:
        if section.title == "log":
            rows += [_fill(section, record, vehicle) for record in section.rows]
        elif section.title == "costs":
            rows += [row for record in section.rows if (row := _cost(section, record, names, ignored)) is not None]
        elif section.title == "triplog":
            ignored["trips"] += len(section.rows)
    return Source(NAME, rows, _facts(sections, vehicle), _car(vehicle), dict(ignored))


def _title(record: Record) -> str | None:
    first = record.cells[0].strip()
    return first.removeprefix("##").strip().casefold() if first.startswith("##") else None


def _vehicle(sections: Sequence[Section]) -> Mapping[str, str]:
    for section in sections:
        if section.title == "vehicle" and section.rows:
            return section.named(section.rows[0])
    return {}


def _category_names(sections: Sequence[Section]) -> dict[str, str]:
    listed = [section for section in sections if section.title == "costcategories"]
    rows = [section.named(record) for section in listed for record in section.rows]
    return {row.get("costtypeid", ""): row.get("name", "") for row in rows}


def _facts(sections: Sequence[Section], vehicle: Mapping[str, str]) -> Facts:
    headers = {plain(name) for section in sections if section.title == "log" for name in section.header.cells}
    miles, km = "odo (mi)" in headers, "odo (km)" in headers
    volume = _VOLUMES.get(vehicle.get("fuelunit", ""))
    if "fuel (litres)" in headers:
        volume = "l"
    return Facts(
        decimal_separator=".",
        date_order="ymd",
        distance_unit="mi" if miles else "km" if km else _DISTANCES.get(vehicle.get("distunit", "")),
        volume_unit="gal_us" if "fuel (us gallons)" in headers else volume,
        gallons="fuel (us gallons)" not in headers and any("gallon" in name for name in headers),
    )


def _fill(section: Section, record: Record, vehicle: Mapping[str, str]) -> RawRow:
    told = section.named(record)
    more = {}
    fuel = _fuel(told.get("fueltype", "")) or _fuel(vehicle.get(f"tank{told.get('tanknumber', '') or 1}type", ""))
    if fuel:
        more["energy"] = fuel
    if _above_zero(told.get("excludedistance", "")):  # a distance that it must not count: nothing can be computed
        more["missed"] = "1"
    return _unmarked(raw(record, section.columns(_LOG), "fuel", "Log", more=more, external_id=_id(told)))


def _cost(section: Section, record: Record, names: Mapping[str, str], ignored: Counter[str]) -> RawRow | None:
    told = section.named(record)
    category = names.get(told.get("costtypeid", ""), "")
    booked = category_of(category)
    if booked == "other":
        booked = category_of(told.get("costtitle"))
    skipped = _skipped(told, booked)
    if skipped is not None:
        ignored[skipped] += 1
        return None
    more = {"category": category} if category else {}
    if booked == "service":
        if _above_zero(told.get("repeatmonths", "")):
            more["next_due_months"] = told["repeatmonths"]
        return _unmarked(raw(record, section.columns(_COSTS), "service", "Costs", more=more, external_id=_id(told)))
    return _unmarked(raw(record, section.columns(_COSTS), "expense", "Costs", more=more, external_id=_id(told)))


def _unmarked(row: RawRow) -> RawRow:
    """Without the apostrophe that an export of CarPass puts before what looks like a formula."""
    cells = {
        name: cell[1:] if name in _WORDS and cell.startswith("'") and cell[1:2] in _MARKED else cell
        for name, cell in row.cells.items()
    }
    return replace(row, cells=cells)


def _skipped(told: Mapping[str, str], booked: str) -> str | None:
    """Why a row is no cost."""
    if told.get("istemplate") == "1":
        return "templates"
    if told.get("isincome") == "1":
        return "incomes"
    if booked == "loan":
        return "loan_payments"
    if _above_zero(told.get("cost", "")):
        return None
    reminds = told.get("reminddate", "").strip() not in {"", _NO_REMINDER}
    if reminds or any(_above_zero(told.get(name, "")) for name in ("remindodo", "repeatodo", "repeatmonths")):
        return "reminders"
    return None if booked == "service" else "without_cost"


def _car(vehicle: Mapping[str, str]) -> CarDetails | None:
    if not vehicle:
        return None
    year = vehicle.get("year", "").strip()
    return CarDetails(
        name=vehicle.get("name") or None,
        vin=vehicle.get("vin") or None,
        plate=vehicle.get("plate") or None,
        make=vehicle.get("make") or None,
        model=vehicle.get("model") or None,
        year=int(year) if year.isdecimal() and len(year) == len("2024") else None,
        odometer_unit=_DISTANCES.get(vehicle.get("distunit", "")),
        note=vehicle.get("description") or None,
    )


def _id(told: Mapping[str, str]) -> str | None:
    return (told.get("guid") or told.get("uniqueid") or "").strip() or None


def _fuel(code: str) -> str | None:
    code = code.strip()
    return _FUELS.get(int(code) // 100) if code.isascii() and code.isdecimal() and len(code) <= len("999") else None


def _above_zero(text: str) -> bool:
    try:
        return float(text) > 0
    except ValueError:
        return False
