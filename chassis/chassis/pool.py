"""Connections with a transaction begun: one round trip begins it and names the tenant, and heals a dead one.

SQLAlchemy would begin with the first statement, in a round trip of its own, and commit an aborted transaction without
a word. So its own transactions are off (AUTOCOMMIT), and BEGIN, COMMIT and ROLLBACK are sent here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

import asyncpg
import orjson
from sqlalchemy import NullPool, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chassis.connections import Connection, Connections
from chassis.failures import DRIVER_ERRORS

_CONNECT_DEADLINE: Final = 5.0
_ROLLBACK_DEADLINE: Final = 2.0
_IDLE_IN_TRANSACTION: Final = timedelta(seconds=30)
_ANSWER_MARGIN: Final = 2.0
"""Seconds that the server's own statement timeout has to be told to us before we hang up."""


class TransactionAborted(Exception):  # noqa: N818 - reads as what happened
    """Somebody went on after a failed statement, and the server rolled everything back instead of committing."""


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
        self.engine: AsyncEngine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            isolation_level="AUTOCOMMIT",
            poolclass=NullPool,
            hide_parameters=True,  # they are personal data, and errors are logged
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
            connect_args=_connect_arguments(application_name, statement_timeout),
        )
        waits = acquire_timeout.total_seconds()
        self._transactions = Connections(self.engine, size=size, wait=waits)
        self._reads = Connections(self.engine, size=size, wait=waits)

    @property
    def in_use(self) -> int:
        """How many transactions there are."""
        return self._transactions.in_use

    @asynccontextmanager
    async def begun(self, opening: str) -> AsyncIterator[Connection]:
        """A transaction that begins with the statements in `opening`; commits when the block ends well."""
        begun, _ = await self._transactions.first(lambda driver: driver.execute(opening))
        try:
            yield begun
            await _commit(begun.driver)
        except BaseException:
            # In a task of its own: a cancelled caller must not leave a transaction open in the pool.
            await asyncio.shield(asyncio.create_task(self._undo(begun)))
            raise
        await self._transactions.keep(begun)

    async def row(self, query: str, arguments: Sequence[Any]) -> asyncpg.Record | None:
        """The row of a query that is a transaction by itself, on the driver: one round trip, nothing around it."""
        connection, row = await self._reads.first(lambda driver: driver.fetchrow(query, *arguments))
        await self._reads.keep(connection)
        return row

    async def dispose(self) -> None:
        """Closes the connections; one that is in use is closed after its transaction."""
        await self._reads.close()
        await self._transactions.close()
        await self.engine.dispose()

    async def _undo(self, begun: Connection) -> None:
        """Keeps the connection without its transaction; one that cannot even roll back is cut."""
        try:
            if begun.alive and begun.driver.is_in_transaction():
                async with asyncio.timeout(_ROLLBACK_DEADLINE):
                    await begun.driver.execute("ROLLBACK")
        except DRIVER_ERRORS:
            begun.driver.terminate()
        finally:
            await self._transactions.keep(begun)


async def _commit(driver: asyncpg.Connection) -> None:
    if await driver.execute("COMMIT") != "COMMIT":
        raise TransactionAborted


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
