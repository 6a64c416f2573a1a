"""Pooled connections with a transaction begun: one round trip begins it and names the tenant, and heals a dead one.

SQLAlchemy would begin with the first statement, in a round trip of its own, and commit an aborted transaction without
a word. So its own transactions are off (AUTOCOMMIT), and BEGIN, COMMIT and ROLLBACK are sent here. Its pool is off as
well: getting a connection there and giving it back costs as much as a statement; here it is a `pop` and an `append`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import asyncpg
import orjson
from sqlalchemy import NullPool, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from chassis.failures import DRIVER_ERRORS
from chassis.places import Places
from chassis.reads import Reads, died

_CONNECT_DEADLINE: Final = 5.0
_ROLLBACK_DEADLINE: Final = 2.0
_IDLE_IN_TRANSACTION: Final = timedelta(seconds=30)
_ANSWER_MARGIN: Final = 2.0
"""Seconds that the server's own statement timeout has to be told to us before we hang up."""
_ATTEMPTS: Final = 3


class TransactionAborted(Exception):  # noqa: N818 - reads as what happened
    """Somebody went on after a failed statement, and the server rolled everything back instead of committing."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A connection with a transaction begun, and the driver's below it."""

    connection: AsyncConnection
    driver: asyncpg.Connection

    @property
    def alive(self) -> bool:
        """Whether neither side has noticed its end."""
        return not self.driver.is_closed() and not self.connection.invalidated


class Pool:
    """At most `size` connections to one database as one role, and as many for reads by one statement."""

    def __init__(
        self,
        url: str,
        *,
        size: int,
        application_name: str,
        statement_timeout: timedelta,
        acquire_timeout: timedelta,
    ) -> None:
        arguments = _connect_arguments(application_name, statement_timeout)
        waits = acquire_timeout.total_seconds()
        self._reads = Reads(url, size=size, acquire_timeout=waits, connect=arguments)
        self._places = Places(size, waits)
        self._idle: list[Begun] = []
        self._disposed = False
        self.engine: AsyncEngine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            isolation_level="AUTOCOMMIT",
            poolclass=NullPool,
            hide_parameters=True,  # they are personal data, and errors are logged
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
            connect_args=arguments,
        )

    @property
    def in_use(self) -> int:
        """How many transactions there are."""
        return self._places.taken

    @asynccontextmanager
    async def begun(self, opening: str) -> AsyncIterator[Begun]:
        """A transaction that begins with the statements in `opening`; commits when the block ends well."""
        begun = await self._begin(opening)
        try:
            yield begun
            await _commit(begun.driver)
        except BaseException:
            # In a task of its own: a cancelled caller must not leave a transaction open in the pool.
            await asyncio.shield(asyncio.create_task(self._undo(begun)))
            raise
        await self._keep(begun)

    async def row(self, query: str, arguments: Sequence[Any]) -> asyncpg.Record | None:
        """The row of a query that is a transaction by itself, on the driver: one round trip, nothing around it."""
        return await self._reads.row(query, arguments)

    async def dispose(self) -> None:
        """Closes the connections; one that is in use is closed after its transaction."""
        self._disposed = True
        await self._reads.close()
        while self._idle:
            await self._idle.pop().connection.close()
        await self.engine.dispose()

    async def _begin(self, opening: str) -> Begun:
        """A connection that died in the pool is replaced: nothing has been done on it yet."""
        await self._places.take()
        try:
            for attempt in range(1, _ATTEMPTS + 1):
                begun = await self._connected()
                try:
                    await begun.driver.execute(opening)
                except BaseException as error:
                    await _cut(begun)
                    if attempt == _ATTEMPTS or not died(error):
                        raise
                else:
                    return begun
        except BaseException:
            self._places.free()
            raise
        raise AssertionError("unreachable")

    async def _connected(self) -> Begun:
        """The connection that was used last: a busy service needs few, and the others are closed by nobody."""
        while self._idle:
            begun = self._idle.pop()
            if begun.alive:
                return begun
            await _cut(begun)
        connection = await self.engine.connect()
        return Begun(connection, await _driver(connection))

    async def _keep(self, begun: Begun) -> None:
        """For the next transaction. Where SQLAlchemy has executed something it believes itself in one."""
        try:
            if begun.connection.in_transaction():
                await begun.connection.rollback()
            if begun.alive and not self._disposed:
                self._idle.append(begun)
            else:
                await _cut(begun)
        finally:
            self._places.free()

    async def _undo(self, begun: Begun) -> None:
        """Keeps the connection without its transaction; one that cannot even roll back is cut."""
        try:
            if begun.alive and begun.driver.is_in_transaction():
                async with asyncio.timeout(_ROLLBACK_DEADLINE):
                    await begun.driver.execute("ROLLBACK")
        except DRIVER_ERRORS:
            begun.driver.terminate()
        finally:
            await self._keep(begun)


async def _commit(driver: asyncpg.Connection) -> None:
    if await driver.execute("COMMIT") != "COMMIT":
        raise TransactionAborted


async def _driver(connection: AsyncConnection) -> asyncpg.Connection:
    pooled: Any = await connection.get_raw_connection()
    driver: asyncpg.Connection = pooled.driver_connection
    return driver


async def _cut(begun: Begun) -> None:
    """In a task of its own, so that SQLAlchemy learns of it in any case."""
    begun.driver.terminate()
    await asyncio.shield(asyncio.create_task(begun.connection.close()))


def _connect_arguments(application_name: str, statement_timeout: timedelta) -> dict[str, Any]:
    milliseconds = round(statement_timeout.total_seconds() * 1000)
    return {
        "timeout": _CONNECT_DEADLINE,
        "command_timeout": statement_timeout.total_seconds() + _ANSWER_MARGIN,
        "server_settings": {
            "application_name": application_name,
            "statement_timeout": str(milliseconds),
            "idle_in_transaction_session_timeout": str(round(_IDLE_IN_TRANSACTION.total_seconds() * 1000)),
            "tcp_keepalives_idle": "10",
            "tcp_keepalives_interval": "5",
            "tcp_keepalives_count": "3",
        },
    }
