"""One process role's way into its database: a pool, and transactions that know the tenant and record events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import orjson
from sqlalchemy import CursorResult, Executable, event, exc, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from chassis.failures import DatabaseAway, Failure, classify, sqlstate
from chassis.outbox import OutboxRow, insert_outbox_rows, outbox_row, tombstone_row
from chassis.traces import current_traceparent
from chassis.wake import RelayWake
from contracts.event import Event

if TYPE_CHECKING:
    from chassis.consuming.messages import Received

type Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None

_SET_USER: Final = text("SELECT set_config('carpass.user_id', :user_id, true)")
_SET_READER: Final = text(
    "SELECT set_config('carpass.user_id', :user_id, true), set_config('transaction_read_only', 'on', true)"
)
_CONNECT_DEADLINE: Final = 5.0
_IDLE_IN_TRANSACTION: Final = timedelta(seconds=30)
_OUR_MISTAKE: Final = "42"  # wrong SQL or a missing privilege: no client should try that again
_ANSWER_MARGIN: Final = 2.0
"""Seconds that the server's own statement timeout has to be told to us before we hang up."""


class Transaction:
    """One unit of work. Its events are inserted just before the commit, and the relay is woken after it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self._outbox: list[OutboxRow] = []

    def record(self, event: Event, *, cause: Received[Event] | None = None) -> UUID:
        """Publishes the event with this transaction and returns its id; raises EventTooLarge (422).

        `cause`: the received event that led to it, of which it continues the trace; else the current span's.
        """
        event_id, row = outbox_row(event, traceparent=cause.traceparent if cause else current_traceparent())
        self._outbox.append(row)
        return event_id

    def record_tombstone(self, topic: str, key: str) -> None:
        """Removes the key from a compacted topic with this transaction."""
        self._outbox.append(tombstone_row(topic, key, traceparent=current_traceparent()))

    async def execute(self, statement: Executable, parameters: Parameters = None) -> CursorResult[Any]:
        """The connection's `execute`."""
        return await self.connection.execute(statement, parameters)

    async def flush_events(self) -> bool:
        """Inserts the recorded events; true when there were any. The owner of the commit calls it."""
        rows, self._outbox = self._outbox, []
        if rows:
            await insert_outbox_rows(self.connection, rows)
        return bool(rows)


class Database:
    """The database of one process role: `url` is postgresql://role:password@host:port/name."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int,
        application_name: str,
        statement_timeout: timedelta = timedelta(seconds=5),
        acquire_timeout: timedelta = timedelta(seconds=2),
        wake: RelayWake | None = None,
    ) -> None:
        """`acquire_timeout` bounds the wait for a pooled connection. `wake` is shared by the roles of one process."""
        self._wake = wake or RelayWake(url)
        self.engine: AsyncEngine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=acquire_timeout.total_seconds(),
            pool_use_lifo=True,
            hide_parameters=True,  # they are personal data, and errors are logged
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
            connect_args=_connect_arguments(application_name, statement_timeout),
        )
        event.listen(self.engine.sync_engine, "checkout", _refuse_closed)

    @asynccontextmanager
    async def transaction(self, *, user_id: UUID | None = None, read_only: bool = False) -> AsyncIterator[Transaction]:
        """Commits when the block ends without an exception; raises DatabaseAway (503) when it cannot work now.

        Row-level-security policies see `user_id`; without one they show nothing.
        """
        with _database_failures():
            async with self.engine.connect() as connection:
                try:
                    transaction = Transaction(connection)
                    if read_only:
                        await connection.execute(_SET_READER, {"user_id": str(user_id or "")})
                    elif user_id is not None:
                        await connection.execute(_SET_USER, {"user_id": str(user_id)})
                    yield transaction
                    recorded = await transaction.flush_events()
                    await connection.commit()
                except TimeoutError as error:
                    await connection.invalidate(error)  # its answer may still come: nobody else may get it
                    raise
        if recorded:
            self._wake()

    async def dispose(self) -> None:
        """Closes the pool's connections."""
        await self._wake.close()
        await self.engine.dispose()


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
    """Costs no round trip, unlike `pool_pre_ping`: a restarted server's connections are already known as closed."""
    if dbapi_connection.driver_connection.is_closed():
        raise exc.InvalidatePoolError


@contextmanager
def _database_failures() -> Iterator[None]:
    try:
        yield
    except DatabaseAway:
        raise
    except (exc.SQLAlchemyError, OSError, TimeoutError) as error:
        failure = classify(error)
        if failure is Failure.PERMANENT or (sqlstate(error) or "").startswith(_OUR_MISTAKE):
            raise
        raise DatabaseAway(failure) from error
