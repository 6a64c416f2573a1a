"""Waiting that a shutdown cuts short."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def elapsed(stop: asyncio.Event, seconds: float) -> bool:
    """Sleeps, and says whether the whole time went by without `stop`."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return True
    return False


async def unless(stop: asyncio.Event, waiting: Coroutine[Any, Any, Any]) -> bool:
    """Awaits it, and says whether it came to its end before `stop`; otherwise it is cancelled."""
    task, stopped = asyncio.create_task(waiting), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            return False
        task.result()
        return True
    finally:
        stopped.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=1.0)
