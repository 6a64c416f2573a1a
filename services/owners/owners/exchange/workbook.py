"""`python -m owners.exchange.workbook`: the CSV table of standard input as a workbook on standard output.

Every cell is text, so nothing in it is a formula, and what a spreadsheet would take for one is marked as in the table.
A process of its own, because a long life makes a million cells.
"""

from __future__ import annotations

import asyncio
import csv
import io
import os
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Final

_COMMAND: Final = (sys.executable, "-P", "-m", "owners.exchange.workbook")
_PIECE: Final = 1 << 16


class WorkbookFailed(Exception):  # noqa: N818 -- named for what happened
    """The process ended before the workbook did."""


async def workbook_of(table: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The workbook, piece by piece; raises WorkbookFailed."""
    environment = {"LC_ALL": "C.UTF-8"} | {name: os.environ[name] for name in ("TMPDIR",) if name in os.environ}
    process = await asyncio.create_subprocess_exec(*_COMMAND, stdin=PIPE, stdout=PIPE, env=environment)
    feeding = asyncio.create_task(_feed(process, table))
    try:
        if process.stdout is None:
            raise WorkbookFailed
        while piece := await process.stdout.read(_PIECE):
            yield piece
        if await process.wait() != 0:
            raise WorkbookFailed
    finally:
        feeding.cancel()
        await asyncio.wait([feeding])
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _feed(process: asyncio.subprocess.Process, table: Iterator[bytes]) -> None:
    if process.stdin is None:
        raise WorkbookFailed
    with suppress(ConnectionError):  # it ended before it had read everything: its status says so
        for piece in table:
            process.stdin.write(piece)
            await process.stdin.drain()
        process.stdin.close()
        await process.stdin.wait_closed()


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
