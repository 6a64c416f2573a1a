"""How many may do something at once, and how long others wait for it."""

from __future__ import annotations

import asyncio


class Places:
    """`size` of them. Whoever has taken one frees it."""

    def __init__(self, size: int, wait: float) -> None:
        """`wait`: seconds."""
        self._wait = wait
        self._free = asyncio.Semaphore(size)
        self.taken = 0

    async def take(self) -> None:
        """Raises TimeoutError when none becomes free in time."""
        if self._free.locked():
            async with asyncio.timeout(self._wait):
                await self._free.acquire()
        else:
            await self._free.acquire()
        self.taken += 1

    def free(self) -> None:
        """For the next one."""
        self.taken -= 1
        self._free.release()
