"""What an import would change, for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.operations.legible import printable

OPEN: Final = 3
"""The exit code of an import whose file leaves something open."""

_MOST_ROWS: Final = 20
_SIGNS: Final = {"new": "+", "conflict": "!", "duplicate": "="}


def report(found: Mapping[str, Any], console: Console | None = None) -> None:
    """Prints questions, wrong rows, and the first rows that are not there yet or differ."""
    out = console or Console(highlight=False)
    if found["questions"]:
        out.print("The file leaves open:")
        for question in found["questions"]:
            options = f", one of {', '.join(question['options'])}" if question["options"] else ""
            out.print(escape(f"  --set {question['field']}=…{options} (the file says {_shown(question['example'])})"))
        return
    _rows(out, [row for row in found["rows"] if row["status"] != "duplicate"])
    for problem in found["problems"][:_MOST_ROWS]:
        out.print(escape(f"x line {problem['line']}, {_shown(problem['field'])}: {_shown(problem['message'])}"))
    counts = found["counts"]
    out.print(
        f"{found['format']}: {counts['new']} new, {counts['duplicate']} here already, {counts['conflict']} differ from "
        f"what is here and stay out, {counts['error']} cannot be read."
    )
    _files(out, found.get("file_counts") or {})
    if found["ignored"]:
        left_out = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in found["ignored"].items())
        out.print(escape(f"Left out on purpose: {left_out}."))


def _files(out: Console, counts: Mapping[str, int]) -> None:
    if any(counts.values()):
        other = " The car has another photo, which stays." if counts["conflict"] else ""
        out.print(f"Files: {counts['new']} new, {counts['duplicate']} here already.{other}")


def _rows(out: Console, rows: Iterable[Mapping[str, Any]]) -> None:
    listed = list(rows)
    table = Table("", "date", "what", "odometer", "says", box=None, pad_edge=False)
    for row in listed[:_MOST_ROWS]:
        record = row["record"]
        odometer = record.get("odometer") or {}
        reading = f"{odometer['value']} {odometer['unit']}" if odometer else ""
        differs = f" (differs in {', '.join(row['fields'])})" if row["fields"] else ""
        cells = (
            _SIGNS[row["status"]],
            record.get("date") or "",
            row["kind"].replace("_", " "),
            reading,
            _says(record) + differs,
        )
        table.add_row(*(escape(_shown(cell)) for cell in cells))
    if listed:
        out.print(table)
    if len(listed) > _MOST_ROWS:
        out.print(f"… and {len(listed) - _MOST_ROWS} more rows.")


def _says(record: Mapping[str, Any]) -> str:
    """The heart of a record, whatever kind it is of."""
    lines = ", ".join(line["title"] for line in record.get("lines", ()))
    volume = f"{record['volume']} {record['volume_unit']}" if record.get("volume") else ""
    minor = next((record[name] for name in ("total_minor", "amount_minor", "cost_minor") if record.get(name)), None)
    amount = "" if minor is None else _amount(minor, record["currency"])
    return "; ".join(
        part
        for part in (
            record.get("category") or record.get("document_kind") or "",
            record.get("number"),
            lines,
            volume,
            amount,
        )
        if part
    )


def _amount(minor: int, currency: str) -> str:
    from owners.currencies import minor_digits  # noqa: PLC0415 -- slow to import, and help must be fast

    return f"{Decimal(minor).scaleb(-minor_digits(currency)):f} {currency}"


def _shown(text: object) -> str:
    return printable(str(text))[:120]
