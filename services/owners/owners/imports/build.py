"""One raw row to one record, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from owners.domain.records import ExpenseCategory, Line
from owners.imports.categories import PLAIN_NAMES, category_of
from owners.imports.conventions import Conventions
from owners.imports.rows import (
    ImportedExpense,
    ImportedFuel,
    ImportedReading,
    ImportedRow,
    ImportedService,
    Record,
    RowProblem,
)
from owners.imports.source import Kind, RawRow
from owners.imports.values import NAME_LENGTH, NOTE_LENGTH, Reader

_NEVER: Final = date.min
"""Stands for a date that could not be read, in a record that is not imported."""


def built(row: RawRow, conventions: Conventions) -> ImportedRow | list[RowProblem]:
    """The row with its record, or everything that is wrong with it."""
    reader = Reader(row, conventions)
    record = _MAKERS[row.kind](reader)
    if record is None or reader.problems:
        return reader.problems
    return ImportedRow(row.line, row.section, row.external_id, record, row.unknown)


def _fuel(reader: Reader) -> Record | None:
    moment = reader.moment()
    odometer, distance = reader.odometer()
    kind = reader.energy()
    volume, price = reader.measure("volume"), reader.measure("unit_price")
    currency = reader.currency()
    total = reader.amount("total", currency)
    if reader.conventions.zero_is_unknown and not total:
        total = None
    record = ImportedFuel(
        day=moment.day if moment else _NEVER,
        at=moment.at if moment else None,
        odometer=odometer,
        odometer_unit=distance,
        energy_kind=kind,
        volume=volume,
        volume_unit=reader.volume_unit(kind),
        unit_price=price,
        total_minor=total,
        currency=None if total is None and price is None else currency,
        full=reader.full(),
        missed_before=bool(reader.flag("missed")),
        station=reader.text("station", NAME_LENGTH),
        note=reader.text("note", NOTE_LENGTH),
    )
    if volume is None and total is None and not reader.problems:
        reader.problem("volume", "missing", "Neither a volume nor a total is told.")
    return record


def _service(reader: Reader) -> Record | None:
    moment = reader.moment()
    odometer, distance = reader.odometer()
    currency = reader.currency()
    amount = reader.amount("total", currency)
    if reader.conventions.zero_is_unknown and not amount:
        amount = None
    title = reader.text("title", NAME_LENGTH) or reader.text("category", NAME_LENGTH) or reader.row.section
    return ImportedService(
        day=moment.day if moment else _NEVER,
        odometer=odometer,
        odometer_unit=distance,
        vendor=reader.text("vendor", NAME_LENGTH),
        lines=(Line(title, "other", amount),),
        currency=None if amount is None else currency,
        note=reader.text("note", NOTE_LENGTH),
        next_due_km=reader.whole("next_due_km"),
        next_due_months=reader.whole("next_due_months"),
    )


def _expense(reader: Reader) -> Record | None:
    moment = reader.moment()
    odometer, distance = reader.odometer()
    currency = reader.currency()
    amount = reader.amount("total", currency)
    if "total" not in reader.row.cells:
        reader.problem("total", "missing", "An amount is missing.")
    if amount is None or currency is None or moment is None:
        return None
    category = _category(reader.row.cells)
    return ImportedExpense(
        day=moment.day,
        odometer=odometer,
        odometer_unit=distance,
        category=category,
        amount_minor=amount,
        currency=currency,
        note=_words(reader, category),
    )


def _category(cells: Mapping[str, str]) -> ExpenseCategory:
    """By the name of the category, else by the title. What is said to be a loan in the title only is some cost."""
    for name in ("category", "title"):
        category = category_of(cells.get(name))
        if category != "other" and category != "loan":  # noqa: PLR1714 -- mypy follows it
            return category
    return "other"


def _reading(reader: Reader) -> Record | None:
    moment = reader.moment()
    odometer, distance = reader.odometer()
    if odometer is None or distance is None or moment is None:
        if not reader.problems:
            reader.problem("odometer", "missing", "A reading is missing.")
        return None
    return ImportedReading(moment.day, moment.at, odometer, distance, reader.text("note", NOTE_LENGTH))


def _words(reader: Reader, category: ExpenseCategory) -> str | None:
    """What the other app calls it, and its note, each once."""
    said = [reader.text("title", NAME_LENGTH), reader.text("category", NAME_LENGTH), reader.text("note", NOTE_LENGTH)]
    words = "\n".join(dict.fromkeys(text for text in said if text and text != PLAIN_NAMES[category]))
    return words[:NOTE_LENGTH] or None


_MAKERS: Final[Mapping[Kind, Callable[[Reader], Record | None]]] = MappingProxyType(
    {"fuel": _fuel, "service": _service, "expense": _expense, "reading": _reading}
)
