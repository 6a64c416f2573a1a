"""Makes another form of a file in a process of its own: a long life makes a million cells, or a thousand pages."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Final

_PIECE: Final = 1 << 16


class ConversionFailed(Exception):  # noqa: N818 -- named for what happened
    """The process ended before its file did."""


async def converted(module: str, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """What `python -m module` makes of the pieces, piece by piece; raises ConversionFailed."""
    environment = {"LC_ALL": "C.UTF-8"} | {name: os.environ[name] for name in ("TMPDIR",) if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", module, stdin=PIPE, stdout=PIPE, env=environment
    )
    feeding = asyncio.create_task(_feed(process, pieces))
    try:
        if process.stdout is None:
            raise ConversionFailed
        while piece := await process.stdout.read(_PIECE):
            yield piece
        if await process.wait() != 0:
            raise ConversionFailed
    finally:
        feeding.cancel()
        await asyncio.wait([feeding])
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _feed(process: asyncio.subprocess.Process, pieces: Iterator[bytes]) -> None:
    if process.stdin is None:
        raise ConversionFailed
    with suppress(ConnectionError):  # it ended before it had read everything: its status says so
        for piece in pieces:
            process.stdin.write(piece)
            await process.stdin.drain()
        process.stdin.close()
        await process.stdin.wait_closed()
