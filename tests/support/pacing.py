import asyncio
from collections.abc import AsyncIterator


async def at_rate(per_second: float, over: asyncio.Event) -> AsyncIterator[int]:
    """0, 1, 2, …: so many a second on average until `over`; what is late is made up for at once."""
    loop = asyncio.get_running_loop()
    began, number = loop.time(), 0
    while not over.is_set():
        due = began + number / per_second
        if due > loop.time():
            await asyncio.wait([ended := asyncio.ensure_future(over.wait())], timeout=due - loop.time())
            ended.cancel()
        else:
            yield number
            number += 1
