"""Workbooks become the tables that they would be saved as."""

import io
import zipfile
from datetime import date, datetime
from typing import Any

import pytest
from openpyxl import Workbook

from owners.imports.rows import Limits, NotReadable
from owners.imports.workbook import as_table


def book(*rows: list[Any]) -> bytes:
    made, out = Workbook(), io.BytesIO()
    sheet = made.worksheets[0]
    for row in rows:
        sheet.append(row)
    made.save(out)
    return out.getvalue()


def test_cells_are_what_a_saved_table_would_hold() -> None:
    data = book(
        ["Date", "Odometer", "Litres", "Full", "Note"],
        [date(2024, 3, 1), 186000, 41.52, True, "a, b"],
        [datetime(2024, 3, 2, 14, 35), 186500.0, 0.1 + 0.2, False, None],  # noqa: DTZ001 -- a cell has no zone
    )
    assert as_table(data, Limits()).decode().splitlines() == [
        "Date,Odometer,Litres,Full,Note",
        '2024-03-01,186000,41.52,TRUE,"a, b"',
        "2024-03-02 14:35:00,186500,0.3,FALSE",
    ]


def test_formulas_that_nobody_computed_are_empty() -> None:
    assert as_table(book(["a"], ["=1+1"]), Limits()).decode().splitlines() == ["a", '""']


def rewritten(data: bytes, name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            new.writestr(member, content if member.filename == name else old.read(member))
    return out.getvalue()


BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><workbook>&b;</workbook>'


@pytest.mark.parametrize(
    "data",
    [
        book(["a"])[:500],
        rewritten(book(["a"]), "xl/workbook.xml", b"<workbook"),
        rewritten(book(["a"]), "xl/workbook.xml", BOMB),
        rewritten(book(["a"]), "xl/worksheets/sheet1.xml", b"no xml at all"),
        rewritten(book(["a"]), "xl/worksheets/sheet1.xml", b"<a>" * 20_000),
    ],
)
def test_damaged_and_hostile_workbooks_are_refused(data: bytes) -> None:
    with pytest.raises(NotReadable):
        as_table(data, Limits())


def test_too_many_rows_are_refused() -> None:
    with pytest.raises(NotReadable, match="rows"):
        as_table(book(*([1] for _ in range(10))), Limits(rows=5))
