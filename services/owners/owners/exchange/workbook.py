"""`python -m owners.exchange.workbook`: the CSV table of standard input as a workbook on standard output.

Every cell is text, so nothing in it is a formula, and what a spreadsheet would take for one is marked as in the table.
"""

from __future__ import annotations

import csv
import io
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from typing import Final

from owners.exchange.converting import converted

_MODULE: Final = "owners.exchange.workbook"
_PIECE: Final = 1 << 16


def workbook_of(table: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The workbook, piece by piece; raises ConversionFailed."""
    return converted(_MODULE, table)


def main() -> None:
    """Reads the table, writes the workbook."""
    from openpyxl import Workbook  # noqa: PLC0415 -- the API itself needs none of it

    book = Workbook(write_only=True)
    sheet = book.create_sheet("CarPass")
    with io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", newline="") as table:
        for row in csv.reader(table):
            sheet.append([cell or None for cell in row])
    with tempfile.TemporaryFile() as made:
        book.save(made)
        made.seek(0)
        while piece := made.read(_PIECE):
            sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
