"""Handles what the bot has heard: each update once, by any worker, in order for each person."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

import structlog
from aiogram import Bot, Dispatcher
from aiogram.types import Update
from opentelemetry.trace import SpanKind

from chassis.clock import Clock
from chassis.db import Database
from chassis.problems import Unavailable
from chassis.telemetry import span_from
from notifier.db.updates import ClaimedUpdate, claim_updates, finish_update, forget_updates
from notifier.metrics import UPDATES
from notifier.telegram.patience import repeat

_LEASE: Final = timedelta(seconds=60)
_HANDLING_SECONDS: Final = 45.0
_AT_ONCE: Final = 10
_MOST_TRIES: Final = 3
_KEPT: Final = timedelta(days=7)
_CLEANING: Final = 3600.0

log: structlog.stdlib.BoundLogger = structlog.get_logger("notifier.updates")


class UpdateHandling:
    """One worker's part; `idle`: seconds between looks when nothing was heard."""

    def __init__(self, database: Database, bot: Bot, dispatcher: Dispatcher, clock: Clock, *, idle: float) -> None:
        self._database = database
        self._bot = bot
        self._dispatcher = dispatcher
        self._clock = clock
        self._idle = idle

    async def run(self, stop: asyncio.Event) -> None:
        """Handles updates until `stop`; raises when the database stays away."""
        cleaning = asyncio.create_task(self._clean(stop), name="updates-clean")
        try:
            await repeat(self._handle_some, stop, idle=self._idle)
        finally:
            cleaning.cancel()
            await asyncio.wait({cleaning})

    async def handle_next(self) -> int:
        """Handles the oldest updates that wait; how many there were."""
        now = self._clock()
        async with self._database.transaction() as tx:
            claimed = await claim_updates(tx, limit=_AT_ONCE, now=now, leased_until=now + _LEASE)
        await asyncio.gather(*(self._handle(update) for update in claimed))
        return len(claimed)

    async def _handle_some(self) -> bool:
        return await self.handle_next() > 0

    async def _handle(self, claimed: ClaimedUpdate) -> None:
        """Leaves the update to be tried again only when the database was away or this worker is lost."""
        try:
            with span_from(None, "telegram update", kind=SpanKind.CONSUMER):
                outcome = await self._feed(claimed)
            async with self._database.transaction() as tx:
                await finish_update(tx, claimed.update_id, now=self._clock())
        except Unavailable:
            log.warning("update put off: the database is away", update_id=claimed.update_id)
        else:
            UPDATES.labels(outcome).inc()

    async def _feed(self, claimed: ClaimedUpdate) -> str:
        if claimed.tries > _MOST_TRIES:
            log.error("update given up", update_id=claimed.update_id)
            return "given_up"
        try:
            async with asyncio.timeout(_HANDLING_SECONDS):
                update = Update.model_validate(claimed.payload, context={"bot": self._bot})
                await self._dispatcher.feed_update(self._bot, update)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the next update must not wait for this one's mistake
            # Its text may quote the update, and with it a person.
            log.error("update not handled", update_id=claimed.update_id, error=type(error).__name__)  # noqa: TRY400
            return "failed"
        return "done"

    async def _clean(self, stop: asyncio.Event) -> None:
        async def step() -> bool:
            async with self._database.transaction() as tx:
                await forget_updates(tx, before=self._clock() - _KEPT)
            return False

        await repeat(step, stop, idle=_CLEANING)
