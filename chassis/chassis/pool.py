"""Pooled connections with a transaction begun: one round trip begins it and names the tenant, and heals a dead one.

SQLAlchemy would begin with the first statement, in a round trip of its own, and commit an aborted transaction without
a word. So its own transactions are off (AUTOCOMMIT), and BEGIN, COMMIT and ROLLBACK are sent here.
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
from sqlalchemy import event, exc, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from chassis.failures import DRIVER_ERRORS
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
        self._reads = Reads(url, size=size, acquire_timeout=acquire_timeout.total_seconds(), connect=arguments)
        self.engine: AsyncEngine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            isolation_level="AUTOCOMMIT",
            pool_size=size,
            max_overflow=0,
            pool_timeout=acquire_timeout.total_seconds(),
            pool_use_lifo=True,
            hide_parameters=True,  # they are personal data, and errors are logged
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
            connect_args=arguments,
        )
        event.listen(self.engine.sync_engine, "checkout", _refuse_closed)

    @asynccontextmanager
    async def begun(self, opening: str) -> AsyncIterator[Begun]:
        """A transaction that begins with the statements in `opening`; commits when the block ends well."""
        begun = await self._begin(opening)
        try:
            yield begun
            await _commit(begun.driver)
        except BaseException:
            # In a task of its own: a cancelled caller must not leave a transaction open in the pool.
            await asyncio.shield(asyncio.create_task(_give_back(begun)))
            raise
        await begun.connection.close()

    async def row(self, query: str, arguments: Sequence[Any]) -> asyncpg.Record | None:
        """The row of a query that is a transaction by itself, on the driver: one round trip, nothing around it."""
        return await self._reads.row(query, arguments)

    async def dispose(self) -> None:
        """Closes the connections."""
        await self._reads.close()
        await self.engine.dispose()

    async def _begin(self, opening: str) -> Begun:
        """A connection that died in the pool is replaced: nothing has been done on it yet."""
        for attempt in range(1, _ATTEMPTS + 1):
            connection = await self.engine.connect()
            begun = Begun(connection, await _driver(connection))
            try:
                await begun.driver.execute(opening)
            except BaseException as error:
                begun.driver.terminate()
                await asyncio.shield(asyncio.create_task(_give_back(begun)))
                if attempt == _ATTEMPTS or not died(error):
                    raise
            else:
                return begun
        raise AssertionError("unreachable")


async def _commit(driver: asyncpg.Connection) -> None:
    if await driver.execute("COMMIT") != "COMMIT":
        raise TransactionAborted


async def _driver(connection: AsyncConnection) -> asyncpg.Connection:
    pooled: Any = await connection.get_raw_connection()
    driver: asyncpg.Connection = pooled.driver_connection
    return driver


async def _give_back(begun: Begun) -> None:
    """Returns the connection without a transaction; one that cannot even roll back is cut."""
    try:
        if not begun.driver.is_closed() and begun.driver.is_in_transaction():
            async with asyncio.timeout(_ROLLBACK_DEADLINE):
                await begun.driver.execute("ROLLBACK")
    except DRIVER_ERRORS:
        begun.driver.terminate()
    finally:
        await begun.connection.close()


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


def _refuse_closed(dbapi_connection: Any, _record: Any, _proxy: Any) -> None:
    """Costs no round trip, unlike `pool_pre_ping`."""
    if dbapi_connection.driver_connection.is_closed():
        raise exc.DisconnectionError
