"""Puts the notifier together, once for production and tests alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID

from aiogram import Bot, Dispatcher
from fastapi import FastAPI

from chassis.auth import KeySource
from chassis.clock import Clock, system_clock
from chassis.db import Database, Transaction
from chassis.http import create_app
from chassis.runtime import Service
from chassis.timers import Timers
from notifier.api import inbox, linking, webhook
from notifier.api.context import NotifierContext
from notifier.bot.deciding import DecisionDesk
from notifier.bot.gateway import Gateway
from notifier.bot.linking import LinkingDesk
from notifier.bot.router import make_router
from notifier.bot.talk import Talk
from notifier.commands.deliver import DeliveryLimits
from notifier.commands.remind import REMINDER_TIMER, remind
from notifier.consumers import make_subscriptions
from notifier.settings import NotifierSettings
from notifier.telegram.delivery import DeliverySettings, TelegramDelivery
from notifier.telegram.pacing import SharedPace
from notifier.telegram.poller import Poller
from notifier.telegram.session import make_bot
from notifier.telegram.updates import UpdateHandling
from notifier.webhook_command import webhook_command

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

    async def telegram_delivery(database: Database, stop: asyncio.Event) -> None:
        async with opened_bot(settings) as bot:
            await make_delivery(settings, database, bot, timers, clock).run(stop)

    async def telegram_bot(database: Database, stop: asyncio.Event) -> None:
        async with opened_bot(settings) as bot, opened_gateway(settings) as gateway:
            await make_update_handling(settings, database, bot, gateway, clock).run(stop)

    async def telegram_polling(database: Database, stop: asyncio.Event) -> None:
        async with opened_bot(settings) as bot:
            url = settings.required("database_worker_url")
            await Poller(database, url, bot, clock, poll=settings.telegram_poll).run(stop)

    polls = settings.telegram_mode == "polling"
    return Service(
        name="notifier",
        settings=settings,
        migrations_dir=MIGRATIONS,
        build_app=build_app,
        subscriptions=make_subscriptions(clock),
        timers=timers,
        background=[telegram_delivery, telegram_bot, *([telegram_polling] if polls else [])],
        commands={"webhook": partial(webhook_command, settings)},
    )


def reminder_timers(clock: Clock = system_clock) -> Timers:
    """The timers of this service."""
    timers = Timers(clock=clock)

    @timers.on(REMINDER_TIMER)
    async def on_reminder(tx: Transaction, subject: str, _due_at: datetime) -> None:
        await remind(tx, UUID(subject), now=clock())

    return timers


def make_delivery(
    settings: NotifierSettings, database: Database, bot: Bot, timers: Timers, clock: Clock = system_clock
) -> TelegramDelivery:
    """A worker's part of the delivery."""
    limits = DeliveryLimits(settings.delivery_batch, timedelta(seconds=settings.sending_lease))
    loop = DeliverySettings(limits, settings.delivery_idle, settings.fallback)
    return TelegramDelivery(database, bot, timers, loop, clock)


def make_update_handling(
    settings: NotifierSettings, database: Database, bot: Bot, gateway: Gateway, clock: Clock = system_clock
) -> UpdateHandling:
    """A worker's part of the bot."""
    dispatcher = Dispatcher(disable_fsm=True)
    dispatcher.include_router(make_router())
    dispatcher["talk"] = Talk(bot, SharedPace(database, clock))
    dispatcher["linking"] = LinkingDesk(database, gateway, clock)
    dispatcher["deciding"] = DecisionDesk(database, gateway, settings.fallback, clock)
    return UpdateHandling(database, bot, dispatcher, clock, idle=settings.update_idle)


@asynccontextmanager
async def opened_bot(settings: NotifierSettings) -> AsyncIterator[Bot]:
    """The bot with connections of its own, so that a long poll never holds up a message."""
    bot = make_bot(
        settings.required("telegram_bot_token"), settings.telegram_api_url, timeout=settings.telegram_timeout
    )
    try:
        yield bot
    finally:
        await bot.session.close()


def opened_gateway(settings: NotifierSettings) -> Gateway:
    """The client of the public API."""
    return Gateway(
        settings.required("gateway_url"), settings.required("notifier_credential"), timeout=settings.gateway_timeout
    )
