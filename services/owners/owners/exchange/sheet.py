"""The records of `carpass.exchange.v1` as one table, for spreadsheets: written, and read back equal.

A cell that a spreadsheet would take for a formula has an apostrophe before it, and so has one that begins with an
apostrophe itself; reading takes one away.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import orjson

from contracts.exchange import FORMAT, LISTS
from contracts.exchange_records import ExchangeItem, Kind
from owners.exchange.candidate import Candidate
from owners.exchange.from_document import candidates_of
from owners.imports.rows import Limits, NotReadable, RowProblem
from owners.imports.table import Record, records
from owners.imports.text import decoded

_HEAD: Final = ("kind", "external_id", "date", "time_zone")
_ODOMETER: Final = {
    "odometer": "value",
    "odometer_unit": "unit",
    "odometer_on": "observed_on",
    "odometer_at": "observed_at",
}
_NUMBERS: Final = ("soc_after", "next_due_km", "next_due_months", "total_minor", "cost_minor", "amount_minor")
_FLAGS: Final = ("full", "missed_before")
_RATE: Final = ("rate", "rate_to")
_FIELDS: Final[Mapping[Kind, tuple[str, ...]]] = {
    "fuel_entry": (
        "filled_at", "energy_kind", "volume", "volume_unit", "unit_price", "total_minor", "currency", "derived",
        "full", "soc_after", "missed_before", "station", "note", *_RATE,
    ),
    "service_entry": ("vendor", "lines", "currency", "cost_minor", "next_due_km", "next_due_months", "note", *_RATE),
    "expense": ("category", "amount_minor", "currency", "note", *_RATE),
    "reading": (),
    "document": ("document_kind", "number", "issued_by", "issued_on", "expires_on", "note"),
}  # fmt: skip
COLUMNS: Final = (*_HEAD, *_ODOMETER, *dict.fromkeys(name for names in _FIELDS.values() for name in names))
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
_MARK: Final = "\ufeff"
"""Spreadsheets take a table for UTF-8 when it begins with this."""


def header() -> bytes:
    """The first line."""
    return (_MARK + ",".join(COLUMNS) + "\r\n").encode()


def line_of(kind: Kind, record: ExchangeItem) -> bytes:
    """A record as one row."""
    told = record.model_dump(mode="json")
    odometer = told.get("odometer") or {}
    cells = {"kind": kind, **told} | {column: odometer.get(name) for column, name in _ODOMETER.items()}
    output = io.StringIO()
    csv.writer(output).writerow([_cell(cells.get(column)) for column in COLUMNS])
    return output.getvalue().encode()


def is_sheet(data: bytes) -> bool:
    """Whether it begins as such a table does, whatever delimiter a spreadsheet has put in."""
    first = data.removeprefix(_MARK.encode())[:200].replace(b";", b",").replace(b"\t", b",").replace(b'"', b"")
    return first.startswith(",".join(_HEAD).encode())


def rows_of(data: bytes, limits: Limits, now: datetime) -> Iterator[Candidate | RowProblem]:
    """Each row, or why it cannot be taken in; raises NotReadable."""
    table = list(records(decoded(data), limits))
    if len(table) > limits.rows + 1:
        raise NotReadable("too_many_rows", f"A file may have at most {limits.rows} rows.")
    names = [cell.strip() for cell in table[0].cells]
    lists: dict[str, list[dict[str, Any]]] = {section: [] for section in LISTS.values()}
    lines: dict[str, list[int]] = {section: [] for section in LISTS.values()}
    for record in table[1:]:
        section, told = _record(names, record)
        if section is None:
            yield RowProblem(record.line, "kind", "unknown_kind", f"One of {', '.join(LISTS)} is expected here.")
        else:
            lists[section].append(told)
            lines[section].append(record.line)
    for found in candidates_of({"format": FORMAT, "data": lists}, now):
        section = found.section if isinstance(found, Candidate) else found.field.partition("/")[0]
        yield replace(found, line=lines[section][found.line - 1])


def _record(names: list[str], record: Record) -> tuple[str | None, dict[str, Any]]:
    cells = {name: _text(cell) for name, cell in zip(names, record.cells, strict=False)}
    kind = cells.get("kind")
    for known, fields in _FIELDS.items():
        if known == kind:
            head = ("external_id",) if known == "document" else _HEAD[1:]
            told: dict[str, Any] = {name: cells.get(name) for name in (*head, *fields)}
            told |= {name: _number(told[name]) for name in _NUMBERS if name in told}
            told |= {name: _flag(told[name]) for name in _FLAGS if name in told}
            if "lines" in told:
                told["lines"] = _lines(told["lines"])
            reading = {name: cells.get(column) for column, name in _ODOMETER.items()}
            if known != "document":
                told["odometer"] = reading if any(reading.values()) else None
            return LISTS[known], told
    return None, {}


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return orjson.dumps(value).decode()
        case str() if value.startswith(_DANGEROUS):
            return f"'{value}"
        case _:
            return str(value)


def _text(cell: str) -> str | None:
    text = cell.removeprefix("'")
    return text or None


def _number(text: str | None) -> int | str | None:
    """What is no number is left to the check of the record, which says so."""
    return (
        int(text) if text is not None and text.isascii() and text.isdecimal() and len(text) <= len("10" * 9) else text
    )


def _flag(text: str | None) -> bool | str | None:
    return {"yes": True, "no": False, "TRUE": True, "FALSE": False}.get(text or "", text)


def _lines(text: str | None) -> Any:
    try:
        return orjson.loads(text or "[]")
    except orjson.JSONDecodeError:
        return text
