"""Open connections, kept for whoever needs the next one: taking one and keeping it is a `pop` and an `append`.

SQLAlchemy opens them and executes on them, and its own pool is off: getting a connection there and giving it back costs
as much as a statement.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from chassis.failures import Failure, classify

_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class Connection:
    """SQLAlchemy's connection, and the driver's below it."""

    connection: AsyncConnection
    driver: asyncpg.Connection

    @property
    def alive(self) -> bool:
        """Whether neither side has noticed its end."""
        return not self.driver.is_closed() and not self.connection.invalidated

    async def cut(self) -> None:
        """In a task of its own, so that SQLAlchemy learns of it in any case."""
        self.driver.terminate()
        await asyncio.shield(asyncio.create_task(self.connection.close()))


class Connections:
    """At most `size` of them, opened when they are needed, the last used first: a busy service needs few."""

    def __init__(self, engine: AsyncEngine, *, size: int, wait: float) -> None:
        """`engine` has no pool. `wait`: seconds until one must have become free."""
        self._engine = engine
        self._wait = wait
        self._free = asyncio.Semaphore(size)
        self._idle: list[Connection] = []
        self._closed = False
        self.in_use = 0

    async def first[T](self, use: Callable[[asyncpg.Connection], Awaitable[T]]) -> tuple[Connection, T]:
        """A connection, and what its first use gave. One that died while nobody used it is replaced.

        Raises TimeoutError when none becomes free in time; otherwise whoever gets it must `keep` it.
        """
        await self._take()
        try:
            for attempt in range(1, _ATTEMPTS + 1):
                connection = await self._idle_or_new()
                try:
                    return connection, await use(connection.driver)
                except BaseException as error:
                    await connection.cut()
                    if attempt == _ATTEMPTS or not _died(error):
                        raise
        except BaseException:
            self._give_place()
            raise
        raise AssertionError("unreachable")

    async def keep(self, connection: Connection) -> None:
        """For the next one. Where SQLAlchemy has executed something it believes itself in a transaction."""
        try:
            if connection.connection.in_transaction():
                await connection.connection.rollback()
            if connection.alive and not self._closed:
                self._idle.append(connection)
            else:
                await connection.cut()
        finally:
            self._give_place()

    async def close(self) -> None:
        """Says goodbye on all that nobody is using; one that is in use is cut when it is given back."""
        self._closed = True
        while self._idle:
            await self._idle.pop().connection.close()

    async def _take(self) -> None:
        if self._free.locked():
            async with asyncio.timeout(self._wait):
                await self._free.acquire()
        else:
            await self._free.acquire()
        self.in_use += 1

    def _give_place(self) -> None:
        self.in_use -= 1
        self._free.release()

    async def _idle_or_new(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.alive:
                return connection
            await connection.cut()
        opened = await self._engine.connect()
        raw: Any = await opened.get_raw_connection()
        return Connection(opened, raw.driver_connection)


def _died(error: BaseException) -> bool:
    """Whether the connection was dead before anything was done on it. A deadline that passed is no such thing."""
    return not isinstance(error, TimeoutError) and classify(error) is Failure.TRANSIENT
