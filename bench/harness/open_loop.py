"""Work that begins at its appointed time, whether or not what came before is done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from bench.harness.suite import InvalidRun

_LATE: Final = 0.05
_MOST_LATE: Final = 0.05


async def open_loop[Item, Done](
    items: Sequence[Item], rate: float, begin: Callable[[Item], Awaitable[Done]]
) -> list[Done]:
    """`rate` a second; raises InvalidRun when more than one in twenty began 50 ms late: then the generator is full."""
    loop = asyncio.get_running_loop()
    start, late = loop.time(), 0
    tasks: list[asyncio.Future[Done]] = []
    for number, item in enumerate(items):
        ahead = start + number / rate - loop.time()
        late += ahead < -_LATE
        if ahead > 0:
            await asyncio.sleep(ahead)
        tasks.append(asyncio.ensure_future(begin(item)))
    done = await asyncio.gather(*tasks)
    if late > _MOST_LATE * len(items):
        raise InvalidRun(f"the load generator began {late} of {len(items)} too late")
    return list(done)
