"""One process role's way into its database: a pool, and transactions that know the tenant and record events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy import CursorResult, Executable, exc
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.connections import Connection
from chassis.crash_points import crash_point
from chassis.failures import DRIVER_ERRORS, DatabaseAway, Failure, classify, sqlstate
from chassis.outbox import INSERT_OUTBOX_ROWS, OutboxRow, outbox_arrays, outbox_row, tombstone_row
from chassis.pool import Pool
from chassis.prepared import Prepared
from chassis.together import Statement, together
from chassis.traces import current_traceparent
from chassis.wake import RelayWake
from contracts.event import Event

if TYPE_CHECKING:
    from chassis.consuming.messages import Received

type Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None

_OUR_MISTAKES: Final = frozenset({"42"})  # wrong SQL or a missing privilege: no client should try that again
_READ_ONLY: Final = "25006"  # a standby's answer as well, but for somebody who may only read
# A plan that is made while its table is empty would scan it until statistics follow; one that is made for each batch
# anew costs as much as what it does. (Not for a `LIMIT` that is a parameter: such a plan expects a tenth of the table.)
_BY_KEY: Final = "; SET LOCAL enable_seqscan = off; SET LOCAL plan_cache_mode = force_generic_plan"
_DATABASE_ERRORS: Final = (
    exc.SQLAlchemyError,
    *DRIVER_ERRORS,
)


class Transaction:
    """One unit of work. Its events are inserted just before the commit, and the relay is woken after it."""

    def __init__(self, begun: Connection) -> None:
        self.connection = begun.connection
        self._driver = begun.driver
        self._outbox: list[OutboxRow] = []
        self._has_events = False
        self._put_off: list[Statement] = []

    def record(self, event: Event, *, cause: Received[Any] | None = None) -> UUID:
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
        await self._catch_up()
        return await self.connection.execute(statement, parameters)

    async def rows(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """The rows of a query in the driver's own words (`$1`): where batches pass, at a third of the cost."""
        await self._catch_up()
        return list(await self._driver.fetch(query, *arguments))

    async def fetch(self, statement: Prepared, parameters: Mapping[str, Any]) -> list[asyncpg.Record]:
        """The rows of a statement that was compiled beforehand: for what every request runs."""
        await self._catch_up()
        return list(await self._driver.fetch(statement.query, *statement.arguments(parameters)))

    def put_off(self, *statements: Statement) -> None:
        """Writes with the next statement's round trip at the latest, most often with the outbox's at the end.

        What is put off in a row is one statement: none sees what another has written, and no row is written twice.
        """
        self._put_off += statements

    async def conclude(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """The rows of a last statement, in one round trip with the recorded events and all that was put off."""
        self._put_events_off()
        self.put_off(Statement(query, arguments))
        return await self._catch_up()

    async def flush_events(self) -> bool:
        """Inserts the recorded events; true when the transaction has any. The owner of the commit calls it."""
        self._put_events_off()
        await self._catch_up()
        if self._has_events:
            crash_point("before-commit")
        return self._has_events

    def _put_events_off(self) -> None:
        if self._outbox:
            rows, self._outbox, self._has_events = self._outbox, [], True
            self.put_off(Statement(INSERT_OUTBOX_ROWS, outbox_arrays(rows)))

    async def _catch_up(self) -> list[asyncpg.Record]:
        """Does what was put off; the rows of the last of it."""
        if not self._put_off:
            return []
        all_of_it, self._put_off = together(self._put_off), []
        return await self.rows(all_of_it.query, *all_of_it.arguments)


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
        self._apart = partial(
            Database,
            url,
            pool_size=1,
            application_name=application_name,
            statement_timeout=statement_timeout,
            acquire_timeout=acquire_timeout,
        )
        self._wake = wake or RelayWake(url)
        self._pool = Pool(
            url,
            size=pool_size,
            application_name=application_name,
            statement_timeout=statement_timeout,
            acquire_timeout=acquire_timeout,
        )

    @property
    def engine(self) -> AsyncEngine:
        """SQLAlchemy's engine, without transactions of its own."""
        return self._pool.engine

    @property
    def in_use(self) -> int:
        """How many of the pool's connections have a transaction."""
        return self._pool.in_use

    def apart(self) -> Database:
        """The same database for another event loop, by one connection of its own."""
        return self._apart()

    @asynccontextmanager
    async def transaction(
        self, *, user_id: UUID | None = None, read_only: bool = False, snapshot: bool = False, by_key: bool = False
    ) -> AsyncIterator[Transaction]:
        """Commits when the block ends without an exception; raises DatabaseAway (503) when it cannot work now.

        Row-level-security policies see `user_id`; without one they show nothing. With `snapshot` all statements see
        what was committed before the first of them. `by_key`: all rows are found by keys, and plans are made once.
        """
        with _database_failures(_OUR_MISTAKES | {_READ_ONLY} if read_only else _OUR_MISTAKES):
            opening = _opening(user_id, read_only=read_only, snapshot=snapshot)
            async with self._pool.begun(opening + _BY_KEY if by_key else opening) as begun:
                transaction = Transaction(begun)
                yield transaction
                recorded = await transaction.flush_events()
        if recorded:
            crash_point("after-commit")
            self._wake()

    async def row(self, query: str, *arguments: Any) -> asyncpg.Record | None:
        """The first row of a query in the driver's own words (`$1`), or None; a transaction by itself.

        Only for tables without row-level security: nobody is named as the caller, so policies show nothing.
        Raises DatabaseAway (503) when it cannot work now.
        """
        with _database_failures(_OUR_MISTAKES | {_READ_ONLY}):
            return await self._pool.row(query, arguments)

    async def dispose(self) -> None:
        """Closes the pool's connections."""
        await self._wake.close()
        await self._pool.dispose()


def _opening(user_id: UUID | None, *, read_only: bool, snapshot: bool) -> str:
    begin = f"BEGIN{' ISOLATION LEVEL REPEATABLE READ' if snapshot else ''}{' READ ONLY' if read_only else ''}"
    return begin if user_id is None else f"{begin}; SELECT set_config('carpass.user_id', '{user_id}', true)"


@contextmanager
def _database_failures(ours: frozenset[str]) -> Iterator[None]:
    try:
        yield
    except DatabaseAway:
        raise
    except _DATABASE_ERRORS as error:
        failure, state = classify(error), sqlstate(error) or ""
        if failure is Failure.PERMANENT or state in ours or state[:2] in ours:
            raise
        raise DatabaseAway(failure) from error
