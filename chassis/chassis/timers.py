"""What must happen later: rows with a due time, claimed one by one by any number of workers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import orjson
import structlog
from sqlalchemy import Row, delete, select, text, update

from chassis.clock import Clock, system_clock
from chassis.consuming.dead_letters import TIMER, DeadLetter, count_dead_letters, insert_dead_letters, reason
from chassis.consuming.messages import RawRecord
from chassis.db import Database, Transaction
from chassis.failures import DatabaseAway, Failure
from chassis.metrics import TIMERS
from chassis.tables import timer
from chassis.waiting import elapsed

type TimerHandler = Callable[[Transaction, str, datetime], Awaitable[None]]
type Claimed = Row[tuple[int, str, str, datetime, int]]

_log: Final = structlog.get_logger(__name__)

_SCHEDULE: Final = text(
    """
    INSERT INTO timer (kind, subject, due_at, run_at) VALUES (:kind, :subject, :due_at, :due_at)
    ON CONFLICT (kind, subject) DO UPDATE SET due_at = excluded.due_at, run_at = excluded.run_at, attempts = 0
    """
)
_SCHEDULE_UNLESS_SET: Final = text(
    "INSERT INTO timer (kind, subject, due_at, run_at) VALUES (:kind, :subject, :due_at, :due_at) "
    "ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class TimerSettings:
    """`idle` is the longest sleep between looks at the table: it bounds how late a timer is noticed."""

    idle: timedelta = timedelta(seconds=1)
    first_retry: timedelta = timedelta(seconds=1)
    max_retry: timedelta = timedelta(minutes=5)
    max_attempts: int = 10
    patience: timedelta = timedelta(seconds=60)
    """How long the database may stay away before the process ends."""


class Timers:
    """The kinds of timers of one service. Effect, events and the row's removal are one transaction."""

    def __init__(self, *, clock: Clock = system_clock, settings: TimerSettings | None = None) -> None:
        self._clock = clock
        self._settings = settings or TimerSettings()
        self._handlers: dict[str, TimerHandler] = {}

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds that have a handler."""
        return frozenset(self._handlers)

    def on[H: TimerHandler](self, kind: str) -> Callable[[H], H]:
        """Names the handler of a kind: called once, with the subject and the instant at which it was due."""

        def register(handler: H) -> H:
            if kind in self._handlers:
                raise ValueError(f"the timer kind {kind!r} has a handler already")
            self._handlers[kind] = handler
            return handler

        return register

    async def schedule(self, tx: Transaction, kind: str, subject: str | UUID, due_at: datetime) -> None:
        """Sets the timer of this kind and subject; one that is set already moves to the new time."""
        await tx.execute(_SCHEDULE, {"kind": kind, "subject": str(subject), "due_at": due_at})

    async def schedule_all(self, tx: Transaction, kind: str, due: Mapping[str | UUID, datetime]) -> None:
        """As `schedule`, for many subjects in one round trip."""
        rows = [{"kind": kind, "subject": str(subject), "due_at": at} for subject, at in due.items()]
        if rows:
            await tx.execute(_SCHEDULE, rows)

    async def schedule_unless_set(self, tx: Transaction, kind: str, subject: str | UUID, due_at: datetime) -> None:
        """Sets the timer, unless it is set: then, or when it runs now and sets itself again, it keeps its time."""
        await tx.execute(_SCHEDULE_UNLESS_SET, {"kind": kind, "subject": str(subject), "due_at": due_at})

    async def cancel(self, tx: Transaction, kind: str, subject: str | UUID) -> None:
        """Removes the timer, if there is one."""
        await tx.execute(delete(timer).where(timer.c.kind == kind, timer.c.subject == str(subject)))

    async def run(self, database: Database, stop: asyncio.Event) -> None:
        """Runs due timers until `stop`; raises when the database stays away."""
        loop = asyncio.get_running_loop()
        last_answer = loop.time()
        while not stop.is_set():
            try:
                busy = await self.run_due(database)
            except DatabaseAway:
                if loop.time() - last_answer > self._settings.patience.total_seconds():
                    raise
                busy = False
            else:
                last_answer = loop.time()
            if not busy:
                await elapsed(stop, self._settings.idle.total_seconds())

    async def run_due(self, database: Database) -> bool:
        """Runs the timer that has been due longest, if any; true when there was one."""
        claimed: Claimed | None = None
        try:
            async with database.transaction() as tx:
                claimed = await self._claim(tx)
                if claimed is not None:
                    # Removed first: the handler may set the same timer again.
                    await tx.execute(delete(timer).where(timer.c.id == claimed.id))
                    await self._handlers[claimed.kind](tx, claimed.subject, claimed.due_at)
        except Exception as error:
            away = isinstance(error, DatabaseAway) and error.failure is Failure.TRANSIENT
            if claimed is None or away:
                raise
            await self._put_off(database, claimed, error)
        else:
            if claimed is not None:
                TIMERS.labels(claimed.kind, "done").inc()
        return claimed is not None

    async def _claim(self, tx: Transaction) -> Claimed | None:
        due = (
            select(timer.c.id, timer.c.kind, timer.c.subject, timer.c.due_at, timer.c.attempts)
            .where(timer.c.run_at <= self._clock(), timer.c.kind.in_(sorted(self._handlers)))
            .order_by(timer.c.run_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        return (await tx.execute(due)).one_or_none()

    async def _put_off(self, database: Database, claimed: Claimed, error: Exception) -> None:
        """Tries again later; the last failure goes to the dead letters. A timer that changed meanwhile is left."""
        settings = self._settings
        attempts = claimed.attempts + 1
        unchanged = (
            (timer.c.id == claimed.id) & (timer.c.due_at == claimed.due_at) & (timer.c.attempts == claimed.attempts)
        )
        _log.warning("timer failed", kind=claimed.kind, attempts=attempts, error=type(error).__name__)
        async with database.transaction() as tx:
            if attempts < settings.max_attempts:
                delay = min(settings.first_retry * 2**claimed.attempts, settings.max_retry)
                await tx.execute(update(timer).where(unchanged).values(attempts=attempts, run_at=self._clock() + delay))
                TIMERS.labels(claimed.kind, "failed").inc()
                return
            removed = await tx.execute(delete(timer).where(unchanged))
            letters = [_dead_timer(claimed, error)] if removed.rowcount else []
            if letters:
                await insert_dead_letters(tx, letters)
        count_dead_letters(letters)
        TIMERS.labels(claimed.kind, "dead").inc()


def _dead_timer(claimed: Claimed, error: Exception) -> DeadLetter:
    record = RawRecord(
        topic=f"timer:{claimed.kind}",
        partition=-1,
        offset=claimed.id,
        key=claimed.subject.encode(),
        value=orjson.dumps({"due_at": claimed.due_at}),
    )
    return DeadLetter(record, reason(error), TIMER)
