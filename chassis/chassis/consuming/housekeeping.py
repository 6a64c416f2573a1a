"""What a worker does beside consuming: tell how far it is, and remove what is no longer needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Final

import structlog
from sqlalchemy import text

from chassis.consuming.dead_letters import measure_depth
from chassis.db import Database, Transaction
from chassis.failures import DatabaseAway
from chassis.progress import WRITE_INTERVAL, forget_member, write_progress
from chassis.waiting import elapsed

_log: Final = structlog.get_logger(__name__)

INBOX_RETENTION: Final = timedelta(days=30)
_CLEAN_INTERVAL: Final = 600.0
_MEASURE_EVERY: Final = 15
_CHUNK: Final = 5000

_REMOVE: Final = text(
    """
    DELETE FROM inbox WHERE ctid IN (
        SELECT ctid FROM inbox WHERE received_at < clock_timestamp() - CAST(:kept AS interval) LIMIT :chunk
    )
    """
)


async def remove_old_inbox_rows(tx: Transaction, *, kept: timedelta = INBOX_RETENTION) -> int:
    """Removes some of the rows older than that; how many. Call it again until it returns 0."""
    return (await tx.execute(_REMOVE, {"kept": kept, "chunk": _CHUNK})).rowcount


class Housekeeping:
    """The worker's small periodic jobs; a database that is away makes them wait, nothing more."""

    def __init__(self, database: Database, consumer: str, member: str) -> None:
        self._database = database
        self._consumer = consumer
        self._member = member

    async def report(self, lag_seconds: Callable[[], float], stop: asyncio.Event) -> None:
        """Writes the worker's lag once a second, and takes its row away at the end."""
        rounds = 0
        while await elapsed(stop, WRITE_INTERVAL.total_seconds()):
            with suppress(DatabaseAway):
                async with self._database.transaction() as tx:
                    await write_progress(tx, self._consumer, self._member, lag_seconds())
                    if rounds % _MEASURE_EVERY == 0:
                        await measure_depth(tx)
            rounds += 1
        with suppress(DatabaseAway):
            async with self._database.transaction() as tx:
                await forget_member(tx, self._consumer, self._member)

    async def clean(self, stop: asyncio.Event) -> None:
        """Removes inbox rows that are older than any record that may still come twice by accident."""
        while True:
            removed = 0
            with suppress(DatabaseAway):
                async with self._database.transaction() as tx:
                    removed = await remove_old_inbox_rows(tx)
            if removed:
                _log.info("old inbox rows removed", rows=removed)
            if not await elapsed(stop, 0.1 if removed == _CHUNK else _CLEAN_INTERVAL):
                return
