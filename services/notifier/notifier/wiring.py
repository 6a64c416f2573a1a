"""Puts the notifier together, once for production and tests alike."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from fastapi import FastAPI

from chassis.auth import KeySource
from chassis.clock import Clock, system_clock
from chassis.db import Database, Transaction
from chassis.http import create_app
from chassis.runtime import Background, Service
from chassis.timers import Timers
from notifier.api import inbox, linking, webhook
from notifier.api.context import NotifierContext
from notifier.commands.remind import REMINDER_TIMER, remind
from notifier.consumers import make_subscriptions
from notifier.settings import NotifierSettings

MIGRATIONS: Final = Path(__file__).parents[1] / "migrations"


def service(settings: NotifierSettings, *, clock: Clock = system_clock, keys: KeySource | None = None) -> Service:
    """The service; `python -m notifier webhook …` is its one command of its own. `keys`: see create_app."""
    timers = reminder_timers(clock)

    def build_app(database: Database) -> FastAPI:
        app = create_app(
            "notifier",
            settings,
            routers=[inbox.router, linking.router, webhook.router],
            database=database,
            keys=keys,
        )
        app.state.notifier = NotifierContext(clock, settings, database)
        return app

    return Service(
        name="notifier",
        settings=settings,
        migrations_dir=MIGRATIONS,
        build_app=build_app,
        subscriptions=make_subscriptions(clock),
        timers=timers,
        background=_background(settings, timers, clock),
        commands={"webhook": lambda arguments: _webhook(settings, arguments)},
    )


def reminder_timers(clock: Clock = system_clock) -> Timers:
    """The timers of this service."""
    timers = Timers(clock=clock)

    @timers.on(REMINDER_TIMER)
    async def on_reminder(tx: Transaction, subject: str, _due_at: datetime) -> None:
        await remind(tx, UUID(subject), now=clock())

    return timers


def _background(settings: NotifierSettings, timers: Timers, clock: Clock) -> list[Background]:
    async def telegram_delivery(database: Database, stop: asyncio.Event) -> None:
        from notifier import worker  # noqa: PLC0415 - aiogram is slow to import, and only workers need it

        await worker.deliver(settings, database, timers, clock, stop)

    async def telegram_bot(database: Database, stop: asyncio.Event) -> None:
        from notifier import worker  # noqa: PLC0415 - the same

        await worker.handle_updates(settings, database, clock, stop)

    async def telegram_polling(database: Database, stop: asyncio.Event) -> None:
        from notifier import worker  # noqa: PLC0415 - the same

        await worker.poll(settings, database, clock, stop)

    if settings.telegram_mode == "polling":
        return [telegram_delivery, telegram_bot, telegram_polling]
    return [telegram_delivery, telegram_bot]


def _webhook(settings: NotifierSettings, arguments: list[str]) -> int:
    from notifier.webhook_command import webhook_command  # noqa: PLC0415 - aiogram again

    return webhook_command(settings, arguments)
