"""Processes that a benchmark starts: roles of the product and baselines, each with its CPU time."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import aiohttp
import psutil

from bench.harness.suite import InvalidRun
from cli.processes import ManagedProcess, last_line, spawn
from cli.stack.state import REPOSITORY

_STOP_SECONDS: Final = 20.0
_POLL_SECONDS: Final = 0.02
_HTTP_OK: Final = 200


class Child:
    """One Python process, `python -m MODULE ARGUMENTS`."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.name = " ".join(arguments)
        self._log = log
        self._process: ManagedProcess = spawn(
            [sys.executable, "-P", "-m", *arguments], log=log, env=_inherited() | dict(environment)
        )
        self._psutil = psutil.Process(self._process.pid)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.running()

    def cpu_seconds(self) -> float:
        """User and system time so far; raises InvalidRun when it has ended."""
        try:
            times = self._psutil.cpu_times()
        except psutil.NoSuchProcess:
            raise InvalidRun(f"{self.name} has ended: {last_line(self._log)}") from None
        return times.user + times.system

    async def ready(self, url: str, within: float = 30.0) -> None:
        """Waits until a GET of `url` is answered by 200; raises InvalidRun when the process ends or time is up."""
        async with asyncio.timeout(within), aiohttp.ClientSession() as session:
            while True:
                if not self.running():
                    raise InvalidRun(f"{self.name} has ended: {last_line(self._log)}")
                with suppress(aiohttp.ClientError):
                    async with session.get(url) as answer:
                        if answer.status == _HTTP_OK:
                            return
                await asyncio.sleep(_POLL_SECONDS)

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL when that takes too long."""
        await asyncio.to_thread(self._process.stop, _STOP_SECONDS)

    async def kill(self) -> None:
        """SIGKILL."""
        await asyncio.to_thread(self._process.kill)


def _inherited() -> dict[str, str]:
    """Without the settings of some product that this shell runs; with `bench` where Python finds it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CARPASS_")}
    return kept | {"PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"}


def cpu_seconds(children: Iterable[Child]) -> float:
    """Of all of them together."""
    return sum(child.cpu_seconds() for child in children)


def server_cpu_seconds(pid: int | None) -> float:
    """Of a server with all its processes, those that have ended included; 0 when it is not ours to look at."""
    if pid is None:
        return 0.0
    server = psutil.Process(pid)
    times = [server.cpu_times()]
    for process in server.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            times.append(process.cpu_times())
    ended = times[0].children_user + times[0].children_system
    return sum(one.user + one.system for one in times) + ended
