"""Connections for single statements: each is a transaction by itself, so nothing has to be begun, named or reset.

A checkout from SQLAlchemy's pool costs twice what such a statement does. Here it is a `pop`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from chassis.failures import Failure, classify
from chassis.places import Places

_ATTEMPTS: Final = 3


def died(error: BaseException) -> bool:
    """Whether the connection was dead before anything was done on it. A deadline that passed is no such thing."""
    return not isinstance(error, TimeoutError) and classify(error) is Failure.TRANSIENT


class Reads:
    """At most `size` connections, opened when they are needed, the last used first.

    Only for statements that leave nothing behind in the session: it is handed on as it is.
    """

    def __init__(self, url: str, *, size: int, acquire_timeout: float, connect: dict[str, Any]) -> None:
        """`acquire_timeout` in seconds; `connect`: further arguments of `asyncpg.connect`."""
        self._url = url
        self._connect = connect
        self._places = Places(size, acquire_timeout)
        self._idle: list[asyncpg.Connection] = []

    async def row(self, query: str, arguments: Sequence[Any]) -> asyncpg.Record | None:
        """The first row, or None. Raises TimeoutError when no connection becomes free in time."""
        await self._places.take()
        try:
            return await self._row(query, arguments)
        finally:
            self._places.free()

    async def _row(self, query: str, arguments: Sequence[Any]) -> asyncpg.Record | None:
        for attempt in range(1, _ATTEMPTS + 1):
            connection = self._opened() or await asyncpg.connect(self._url, **self._connect)
            try:
                row = await connection.fetchrow(query, *arguments)
            except BaseException as error:
                connection.terminate()
                if attempt == _ATTEMPTS or not died(error):
                    raise
            else:
                self._idle.append(connection)
                return row
        raise AssertionError("unreachable")

    def _opened(self) -> asyncpg.Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return None

    async def close(self) -> None:
        """Says goodbye on all connections that nobody is using."""
        while self._idle:
            await self._idle.pop().close()
