"""Read-your-writes across services: a command that only a read model refused looks again for a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from chassis.problems import Problem, Unavailable

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 0.25
_GROWTH = 1.5


class Patience:
    """How long, and how many requests of this process at once, may wait for a read model."""

    def __init__(self, *, seconds: float, max_waiters: int) -> None:
        self._seconds = seconds
        self._max_waiters = max_waiters
        self.waiters = 0

    async def attempt[T](self, attempt: Callable[[], Awaitable[T]], *, lagging: Callable[[], Awaitable[bool]]) -> T:
        """The attempt's result, tried anew while a read model refuses it.

        Nothing is held between two attempts. Raises the last refusal when patience ends, or Unavailable (503) when
        the read model is known to be further behind than that, or too many requests wait already.
        """
        try:
            return await attempt()
        except Problem as refusal:
            if not refusal.read_model:
                raise
        if self.waiters >= self._max_waiters or await lagging():
            raise Unavailable("Recent changes are still on their way here. Please try again in a moment.")
        self.waiters += 1
        try:
            return await self._look_again(attempt)
        finally:
            self.waiters -= 1

    async def _look_again[T](self, attempt: Callable[[], Awaitable[T]]) -> T:
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._seconds
        pause = _FIRST_PAUSE
        while True:
            await asyncio.sleep(min(pause, max(0.0, deadline - clock())))
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)
            try:
                return await attempt()
            except Problem as refusal:
                if not refusal.read_model or clock() >= deadline:
                    raise
