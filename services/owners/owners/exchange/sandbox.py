"""Reads a file in a process of its own, so that a hostile one neither holds up the API nor takes its memory."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import orjson

from owners.exchange.job import Job, ReadFile
from owners.imports.rows import NotReadable

READ_SECONDS: Final = 60.0
AT_ONCE: Final = 2
WAIT_SECONDS: Final = 20.0
_LONGEST_LINE: Final = 16 << 20
_COMMAND: Final = (sys.executable, "-P", "-m", "owners.exchange.worker")
_NO_SECRETS: Final = {"LC_ALL": "C.UTF-8"}
_TOO_COMPLEX: Final = "The file takes too much to read."


class Busy(Exception):  # noqa: N818 -- named for what it says
    """Other files are read, and it takes too long."""


class Reader:
    """Whatever reads files in this process of the API: so many at once, for each may take much memory."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._free = asyncio.Semaphore(at_once)

    async def read(self, data: bytes, job: Job) -> ReadFile:
        """As read_file; raises Busy as well."""
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise Busy from None
        try:
            return await read_file(data, job)
        finally:
            self._free.release()


async def read_file(data: bytes, job: Job, *, within: float = READ_SECONDS) -> ReadFile:
    """The file, row by row; raises NotReadable, also when reading takes more than `within` seconds."""
    try:
        async with asyncio.timeout(within):
            return await _read(data, job)
    except TimeoutError:
        raise NotReadable("too_complex", _TOO_COMPLEX) from None


async def _read(data: bytes, job: Job) -> ReadFile:
    found = ReadFile()
    async with _running() as process:
        feeding = asyncio.create_task(_feed(process, data, job))
        try:
            async for line in _lines(process):
                if (refused := line.get("not_readable")) is not None:
                    raise NotReadable(**refused)
                found.take(line)
        finally:
            feeding.cancel()
            await asyncio.wait([feeding])
    return found


@asynccontextmanager
async def _running() -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *_COMMAND, stdin=PIPE, stdout=PIPE, env=_NO_SECRETS, limit=_LONGEST_LINE
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _feed(process: Process, data: bytes, job: Job) -> None:
    if process.stdin is None:
        raise RuntimeError("the process has no standard input")
    with suppress(ConnectionError):  # it ended before it had read everything: its output says why
        process.stdin.write(job.dumped())
        process.stdin.write(data)
        await process.stdin.drain()
        process.stdin.close()
        await process.stdin.wait_closed()


async def _lines(process: Process) -> AsyncIterator[dict[str, Any]]:
    """What it wrote; raises NotReadable when it ended in the middle, as the kernel's limits make it."""
    if process.stdout is None:
        raise RuntimeError("the process has no standard output")
    ended = False
    async for text in process.stdout:
        line = orjson.loads(text)
        ended = "end" in line
        if not ended:
            yield line
    if not ended:
        raise NotReadable("too_complex", _TOO_COMPLEX)
