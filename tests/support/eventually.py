import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, overload


@overload
async def eventually[T](check: Callable[[], Awaitable[T]], *, within: float = 60.0, every: float = 0.02) -> T: ...
@overload
async def eventually[T](check: Callable[[], T], *, within: float = 60.0, every: float = 0.02) -> T: ...
async def eventually[T](check: Callable[[], T | Awaitable[T]], *, within: float = 60.0, every: float = 0.02) -> T:
    """Poll `check` until it returns something truthy, and return that.

    A `check` that asserts and returns None is done when it no longer raises AssertionError. After
    `within` seconds the last failure is raised, with the value that was not truthy named in it.
    """
    deadline = time.monotonic() + within
    while True:
        failure = f"{check!r} was not true"
        cause: AssertionError | None = None
        try:
            result: Any = check()
            value: T = await result if inspect.isawaitable(result) else result
            if value or value is None:
                return value
            failure = f"the last value was {value!r}"
        except AssertionError as error:
            failure, cause = str(error) or "an assertion failed", error
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {within:g} s: {failure}") from cause
        await asyncio.sleep(every)
