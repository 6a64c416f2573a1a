"""Any table with a header: LubeLogger's files by their own names, others by common ones or as the caller maps them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from owners.imports.categories import category_of
from owners.imports.formats.section import Section, raw
from owners.imports.rows import Declared, Question
from owners.imports.source import Facts, Kind, RawRow, Source, plain
from owners.imports.table import Record

LUBELOGGER: Final = "lubelogger"
GENERIC: Final = "generic"

FIELDS: Final = (
    "day", "time", "odometer", "distance_unit", "volume", "volume_unit", "unit_price", "total", "currency", "full",
    "partial", "missed", "energy", "station", "title", "category", "vendor", "note",
)  # fmt: skip
"""What a column may be mapped to."""

_ALIASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("date", "day", "дата", "fuelup_date", "datum", "data", "fecha"), "day"),
        **dict.fromkeys(("time", "время"), "time"),
        **dict.fromkeys(("odometer", "odo", "mileage", "пробег", "одометр"), "odometer"),
        **dict.fromkeys(("km-stand", "odometer reading"), "odometer"),
        **dict.fromkeys(("odometer (km)", "odometer (mi)", "одометр (км)"), "odometer"),
        **dict.fromkeys(
            ("fuelconsumed", "fuel_consumed", "volume", "quantity", "litres", "liters", "gallons", "объем", "объём",
             "литры"), "volume",
        ),
        **dict.fromkeys(("price", "unit price", "price per unit", "цена"), "unit_price"),
        **dict.fromkeys(("cost", "total", "total cost", "totalcost", "amount", "стоимость", "сумма"), "total"),
        **dict.fromkeys(("currency", "валюта"), "currency"),
        **dict.fromkeys(("isfilltofull", "is_fill_to_full", "full", "full tank", "полный бак"), "full"),
        **dict.fromkeys(("partial", "partial_fuelup", "partial fill-up?"), "partial"),
        **dict.fromkeys(("missedfuelup", "missed_fuelup", "missed"), "missed"),
        **dict.fromkeys(("fuel type", "fueltype", "fuel", "топливо"), "energy"),
        **dict.fromkeys(("station", "азс", "brand"), "station"),
        **dict.fromkeys(("description", "title", "описание", "название"), "title"),
        **dict.fromkeys(("category", "type", "категория", "вид"), "category"),
        **dict.fromkeys(("vendor", "place", "partsupplier"), "vendor"),
        **dict.fromkeys(("notes", "note", "comment", "примечание", "комментарий"), "note"),
    }
)  # fmt: skip
_LUBELOGGER: Final = ("fuelconsumed", "isfilltofull", "initialodometer", "partnumber")


def is_lubelogger(records: Sequence[Record]) -> bool:
    """Whether its header has words that only LubeLogger writes, or is that of its records with a cost."""
    names = {plain(cell) for cell in records[0].cells} if records else set()
    return any(name in names for name in _LUBELOGGER) or {"date", "description", "cost", "notes", "tags"} <= names


def read(records: Sequence[Record], declared: Declared, *, name: str) -> Source | Question:
    """The rows, or which columns must be told first."""
    header = records[0] if records else Record(1, [""])
    section = Section("rows", header, list(records[1:]))
    told = {plain(column): field for column, field in declared.columns.items()}
    columns = section.columns({**_ALIASES, **told})
    fields = set(columns.headers)
    if "day" not in fields or not fields & {"odometer", "total", "volume"}:
        return Question("columns", FIELDS, ", ".join(cell for cell in header.cells if cell)[:200])
    names = {plain(cell) for cell in header.cells}
    ignored: Counter[str] = Counter()
    rows: list[RawRow] = []
    for record in section.rows:
        cells = columns.cells(record)
        booked = category_of(cells.get("category") or cells.get("title"))
        if booked == "loan":
            ignored["loan_payments"] += 1
            continue
        rows.append(raw(record, columns, _kind(fields, booked, names), section.title))
    return Source(name, rows, _facts(names), None, dict(ignored))


def _kind(fields: set[str], booked: str, names: set[str]) -> Kind:
    if "volume" in fields:
        return "fuel"
    if "total" not in fields:
        return "reading"
    if "partnumber" in names:
        return "expense"
    if "odometer" in fields and ("title" in fields or booked == "service"):
        return "service" if booked in {"service", "other", "tyres", "parts"} else "expense"
    return "expense"


def _facts(names: set[str]) -> Facts:
    litres, gallons = {"litres", "liters", "литры"} & names, "gallons" in names
    km = {"odometer (km)", "одометр (км)", "km"} & names
    miles = {"odometer (mi)", "miles"} & names
    return Facts(
        distance_unit="km" if km else "mi" if miles else None,
        volume_unit="l" if litres else None,
        gallons=gallons,
    )
