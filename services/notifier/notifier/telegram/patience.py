"""Loops that outlive a database that is away for a while, but not for ever."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from chassis.problems import Unavailable

_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 5.0
_PATIENCE: Final = 60.0

log: structlog.stdlib.BoundLogger = structlog.get_logger("notifier.loop")


async def repeat(step: Callable[[], Awaitable[bool]], stop: asyncio.Event, *, idle: float) -> None:
    """Calls `step` until `stop`: at once while it finds something to do, else after `idle` seconds.

    Backs off while the database is away, and after a minute without success raises, for the supervisor to start anew.
    """
    loop = asyncio.get_running_loop()
    pause, failing_since = _FIRST_PAUSE, None
    while not stop.is_set():
        try:
            busy = await step()
        except Unavailable:
            failing_since = failing_since or loop.time()
            if loop.time() - failing_since > _PATIENCE:
                raise
            log.warning("put off: the database is away", seconds=pause)
            await wait(stop, pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            continue
        pause, failing_since = _FIRST_PAUSE, None
        if not busy:
            await wait(stop, idle)


async def wait(stop: asyncio.Event, seconds: float) -> None:
    """Until `stop`, but not longer than that."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
