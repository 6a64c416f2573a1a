"""Long polling: one worker asks Telegram what the bot has heard, and writes it down before it asks for more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError
from aiogram.types import Update

from chassis.clock import Clock
from chassis.db import Database
from chassis.failures import DRIVER_ERRORS
from chassis.problems import Unavailable
from notifier.db.updates import add_updates
from notifier.telegram.patience import wait

ALLOWED_UPDATES: Final = ["message", "callback_query", "my_chat_member"]
_LOCK: Final = 0x706F6C6C  # "poll"; advisory locks are per database
_DEADLINE: Final = 5.0
_SILENCE: Final = "60s"
_RETRY: Final = 2.0
_MARGIN: Final = 10

log: structlog.stdlib.BoundLogger = structlog.get_logger("notifier.poller")


class Poller:
    """One of any number of workers polls; the others stand by. `poll`: seconds that Telegram holds a request open."""

    def __init__(self, database: Database, database_url: str, bot: Bot, clock: Clock, *, poll: int) -> None:
        """`database_url` must not lead to a pooler: the lock is the session's."""
        self._database = database
        self._url = database_url
        self._bot = bot
        self._clock = clock
        self._poll = poll

    async def run(self, stop: asyncio.Event) -> None:
        """Polls, or stands by, until `stop`."""
        while not stop.is_set():
            try:
                async with self._only_one() as lock:
                    if lock is not None:
                        await self._poll_until(stop, lock)
            except (Unavailable, *DRIVER_ERRORS) as error:
                log.warning("not polling: the database is away", error=type(error).__name__)
            await wait(stop, _RETRY)

    @asynccontextmanager
    async def _only_one(self) -> AsyncIterator[asyncpg.Connection | None]:
        """A connection that holds the lock; None when another worker's does."""
        connection = await asyncpg.connect(
            self._url,
            timeout=_DEADLINE,
            command_timeout=_DEADLINE,
            # A worker that stands still loses its session, and so the lock.
            server_settings={"application_name": "notifier-poller", "idle_session_timeout": _SILENCE},
        )
        try:
            yield connection if await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK) else None
        finally:
            connection.terminate()

    async def _poll_until(self, stop: asyncio.Event, lock: asyncpg.Connection) -> None:
        log.info("polling")
        offset: int | None = None
        webhook_gone = False
        while not stop.is_set():
            await lock.fetchval("SELECT 1")  # still ours
            try:
                if not webhook_gone:
                    # While one is set, Telegram gives nothing to pollers. What waits for it is kept.
                    webhook_gone = await self._bot.delete_webhook(drop_pending_updates=False)
                updates = await self._ask(offset, stop)
            except (AiogramError, OSError, TimeoutError) as error:
                log.warning("Telegram does not answer the poller", error=type(error).__name__)
                await wait(stop, _RETRY)
                continue
            if updates:
                await self.write_down(updates)
                offset = updates[-1].update_id + 1  # asking with it tells Telegram that these are safe

    async def _ask(self, offset: int | None, stop: asyncio.Event) -> list[Update]:
        asking = asyncio.ensure_future(
            self._bot.get_updates(
                offset=offset,
                timeout=self._poll,
                allowed_updates=ALLOWED_UPDATES,
                request_timeout=self._poll + _MARGIN,
            )
        )
        stopping = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({asking, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return asking.result() if asking.done() else []
        finally:
            for task in (asking, stopping):
                task.cancel()

    async def write_down(self, updates: list[Update]) -> None:
        """Stores them for whichever worker handles them."""
        bodies = [update.model_dump(mode="json", by_alias=True, exclude_none=True) for update in updates]
        async with self._database.transaction() as tx:
            await add_updates(tx, bodies, now=self._clock())
