"""What the worker role runs beside the consumers: the delivery, the bot, and the polling for what it hears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from aiogram import Bot, Dispatcher

from chassis.clock import Clock, system_clock
from chassis.db import Database
from chassis.timers import Timers
from notifier.bot.deciding import DecisionDesk
from notifier.bot.gateway import Gateway
from notifier.bot.linking import LinkingDesk
from notifier.bot.router import make_router
from notifier.bot.talk import Talk
from notifier.commands.deliver import DeliveryLimits
from notifier.settings import NotifierSettings
from notifier.telegram.delivery import DeliverySettings, TelegramDelivery
from notifier.telegram.pacing import SharedPace
from notifier.telegram.poller import Poller
from notifier.telegram.session import make_bot
from notifier.telegram.updates import UpdateHandling


async def deliver(
    settings: NotifierSettings, database: Database, timers: Timers, clock: Clock, stop: asyncio.Event
) -> None:
    """Sends notifications until `stop`."""
    async with opened_bot(settings) as bot:
        await make_delivery(settings, database, bot, timers, clock).run(stop)


async def handle_updates(settings: NotifierSettings, database: Database, clock: Clock, stop: asyncio.Event) -> None:
    """Answers what the bot has heard until `stop`."""
    async with opened_bot(settings) as bot, opened_gateway(settings) as gateway:
        await make_update_handling(settings, database, bot, gateway, clock).run(stop)


async def poll(settings: NotifierSettings, database: Database, clock: Clock, stop: asyncio.Event) -> None:
    """Asks Telegram what the bot has heard until `stop`."""
    url = settings.required("database_worker_url")
    async with opened_bot(settings) as bot:
        await Poller(database, url, bot, clock, poll=settings.telegram_poll).run(stop)


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
