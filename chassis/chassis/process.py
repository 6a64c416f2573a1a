"""Supervision inside one process: parts run beside each other until a signal, and end in order and in time."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum

import structlog

from chassis.health import Health

EXIT_FAILED = 1
EXIT_TOO_SLOW = 70
_CANCEL_SECONDS = 0.5
_SIGNALS = (signal.SIGTERM, signal.SIGINT)

log: structlog.stdlib.BoundLogger = structlog.get_logger("chassis.process")


class Stage(IntEnum):
    """When a part is told to stop: what brings work in goes first, what carries work away goes last."""

    INTAKE = 0  # the API, consumers, timers
    OUTLET = 1  # the relay, so that the last events are on their way; the probes of a role without an API


@dataclass(frozen=True, slots=True)
class Part:
    """Something that runs until it is told to stop. Ending before that, or raising, ends the process."""

    name: str
    run: Callable[[asyncio.Event], Awaitable[None]]
    stage: Stage = Stage.INTAKE


class Process:
    """Runs parts, and ends with an exit code: 0 after a signal, 1 when a part failed, 70 when ending took too long."""

    def __init__(self, health: Health, *, grace: float, announce: float) -> None:
        """`grace`: seconds from a signal to the end; `announce`: how many of them it is unready but still serves."""
        self._health = health
        self._grace = grace
        self._announce = announce
        self._signalled = asyncio.Event()
        self._exit_code = 0

    async def run(self, parts: Iterable[Part]) -> int:
        """The exit code, when everything has ended."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._signalled.set)
        stops = {stage: asyncio.Event() for stage in Stage}
        heartbeat = asyncio.create_task(self._health.beat(asyncio.Event()), name="heartbeat")
        tasks = {_start(part, stops[part.stage]): part for part in parts}
        await self._until_told_or_failed(tasks)
        watchdog = _end_hard_after(self._grace)
        await self._stop(tasks, stops, deadline=loop.time() + self._grace)
        heartbeat.cancel()
        watchdog.cancel()
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
        return self._exit_code

    async def _until_told_or_failed(self, tasks: dict[asyncio.Task[None], Part]) -> None:
        told = asyncio.create_task(self._signalled.wait(), name="signal")
        await asyncio.wait({*tasks, told}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        self._health.stopping()
        for task, part in tasks.items():
            if task.done():
                self._report(part, task, "a part of the process ended: stopping")
        if self._exit_code == 0:
            log.info("stopping")
            await asyncio.sleep(self._announce)

    async def _stop(
        self, tasks: dict[asyncio.Task[None], Part], stops: dict[Stage, asyncio.Event], *, deadline: float
    ) -> None:
        clock = asyncio.get_running_loop().time
        for stage in Stage:
            stops[stage].set()
            waiting = {task for task, part in tasks.items() if part.stage is stage and not task.done()}
            if waiting:
                share = (deadline - clock()) * (0.8 if stage is not Stage.OUTLET else 0.9)
                await asyncio.wait(waiting, timeout=max(0.0, share))
            for task in waiting:
                self._conclude(tasks[task], task)
        leftover = [task for task in tasks if not task.done()]
        if leftover:
            await asyncio.wait(leftover, timeout=_CANCEL_SECONDS)

    def _conclude(self, part: Part, task: asyncio.Task[None]) -> None:
        if not task.done():
            self._exit_code = EXIT_TOO_SLOW
            log.error("a part did not stop in time", part=part.name)
            task.cancel()
        elif task.cancelled() or task.exception() is not None:
            self._report(part, task, "a part failed while stopping")

    def _report(self, part: Part, task: asyncio.Task[None], message: str) -> None:
        error = None if task.cancelled() else task.exception()
        self._exit_code = EXIT_FAILED
        log.error(message, part=part.name, exc_info=error)


def _start(part: Part, stop: asyncio.Event) -> asyncio.Task[None]:
    async def run() -> None:
        await part.run(stop)

    return asyncio.create_task(run(), name=part.name)


def _end_hard_after(seconds: float) -> threading.Timer:
    """A loop that hangs cannot watch itself: a thread ends the process, and whoever supervises it goes on."""
    timer = threading.Timer(seconds, os._exit, (EXIT_TOO_SLOW,))
    timer.daemon = True
    timer.start()
    return timer
