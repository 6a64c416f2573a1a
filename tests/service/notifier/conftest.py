from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from sqlalchemy import text

from chassis.clock import FixedClock
from chassis.consuming import BatchOutcome, Subscriptions, apply_batch, raw_record
from chassis.db import Database
from chassis.provision import ServiceDatabase
from contracts.event import Event
from notifier.consumers import make_subscriptions
from notifier.settings import NotifierSettings
from notifier.telegram.delivery import TelegramDelivery
from notifier.telegram.poller import ALLOWED_UPDATES, Poller
from notifier.telegram.updates import UpdateHandling
from notifier.wiring import reminder_timers, service
from notifier.worker import make_delivery, make_update_handling, opened_bot, opened_gateway
from telegram_double.server import RunningDouble, serve
from tests.service.notifier.fake_gateway import CREDENTIAL, FakeGateway
from tests.support.databases import ServiceDatabaseFactory, connected
from tests.support.people import PUBLIC_KEYS, Person

TOKEN = "7000001:AAtest-token-of-the-double"
NOW = datetime(2026, 3, 14, 10, 0, tzinfo=UTC)
OWNER = UUID("0198f3a2-7c1e-7001-8b1d-4f6e2a9c0001")
"""The car's owner in the golden examples."""
CHAT = 5150


@dataclass
class Notifier:
    """The service on a database of its own, with a Telegram and a gateway that do as they are told."""

    urls: ServiceDatabase
    settings: NotifierSettings
    clock: FixedClock
    api: Database
    worker: Database
    owner: Database
    client: httpx.AsyncClient
    bot: Bot
    delivery: TelegramDelivery
    updates: UpdateHandling
    telegram: RunningDouble
    telegram_client: httpx.AsyncClient
    gateway: FakeGateway
    subscriptions: Subscriptions
    delivered: list[Any] = field(default_factory=list)

    # events in

    async def receive(self, *events: Event, traceparent: str | None = None) -> BatchOutcome:
        """One batch, as the worker would apply it."""
        records = [
            raw_record(event, offset=len(self.delivered) + place, traceparent=traceparent)
            for place, event in enumerate(events)
        ]
        self.delivered += records
        outcome = await apply_batch(self.worker, self.subscriptions, records)
        assert await self.value("SELECT count(*) FROM dead_letter") == 0
        return outcome

    async def receive_everything_again_with_an_empty_inbox(self) -> None:
        await self.execute("DELETE FROM inbox")
        await apply_batch(self.worker, self.subscriptions, self.delivered)

    # tables

    async def value(self, sql: str, **parameters: Any) -> Any:
        async with self.owner.transaction() as tx:
            return (await tx.execute(text(sql), parameters)).scalar_one()

    async def rows(self, sql: str, **parameters: Any) -> list[Any]:
        async with self.owner.transaction() as tx:
            return list((await tx.execute(text(sql), parameters)).all())

    async def execute(self, sql: str, **parameters: Any) -> None:
        async with self.owner.transaction() as tx:
            await tx.execute(text(sql), parameters)

    async def attempt(self) -> Any:
        """The one delivery attempt there is."""
        (row,) = await self.rows("SELECT * FROM delivery_attempt")
        return row

    async def checksums(self) -> dict[str, str]:
        """A hash of every table but the inbox."""
        tables = await self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'inbox'")
        return {
            row.tablename: await self.value(
                f"SELECT coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') FROM {row.tablename} t"  # noqa: S608
            )
            for row in tables
        }

    # Telegram

    async def meet(self, chat_id: int = CHAT, language: str = "ru") -> None:
        """Somebody has written to the bot before; it has not heard of it yet."""
        user = {"id": chat_id, "is_bot": False, "first_name": "Somebody", "language_code": language}
        self.telegram.double.store.save_user(user)

    async def link(self, user_id: UUID = OWNER, chat_id: int = CHAT) -> None:
        """The user's chat is linked, as after a one-time token."""
        await self.meet(chat_id)
        self.gateway.accounts[chat_id] = user_id
        await self.execute("INSERT INTO recipient (user_id) VALUES (:user) ON CONFLICT DO NOTHING", user=user_id)
        await self.execute(
            "INSERT INTO telegram_chat (user_id, chat_id, linked_at, next_send_at) VALUES (:user, :chat, :now, :now)",
            user=user_id,
            chat=chat_id,
            now=NOW,
        )

    async def write(self, words: str, chat_id: int = CHAT) -> None:
        """Somebody writes to the bot, and the bot deals with it."""
        await self.control("updates/message", user={"id": chat_id}, text=words)
        await self.hear()

    async def press(self, button: str, *, chat_id: int = CHAT, **more: Any) -> str | None:
        """Somebody presses a button of the last message that has some; the bot's answer to the press."""
        await self.control("updates/press", chat_id=chat_id, button=button, **more)
        await self.hear()
        return self.last_answer(chat_id)

    def last_answer(self, chat_id: int = CHAT) -> str | None:
        answer = self.telegram.double.store.presses(chat_id)[-1]["answer"]
        return None if answer is None else str(answer["text"])

    async def control(self, path: str, **body: Any) -> Any:
        answer = await self.telegram_client.post(f"/control/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def hear(self) -> None:
        """One round of polling, and of handling what was heard."""
        poller = Poller(self.worker, self.urls.worker_url, self.bot, self.clock, poll=0)
        updates = await self.bot.get_updates(timeout=0, allowed_updates=ALLOWED_UPDATES)
        await poller.write_down(updates)
        if updates:
            await self.bot.get_updates(offset=updates[-1].update_id + 1, timeout=0)
        while await self.updates.handle_next():
            pass

    async def fault(self, kind: str, **more: Any) -> None:
        """The next call to the Bot API meets this; one that gets no answer has its connection closed after a moment."""
        held = {"hold_seconds": 0.05} if kind == "timeout_after_accept" else {}
        await self.control("faults", kind=kind, **held | more)

    def messages(self, chat_id: int = CHAT) -> list[Any]:
        """What stands in the chat, of the bot's and the person's."""
        return self.telegram.double.store.messages(chat_id)

    def texts(self, chat_id: int = CHAT) -> list[str]:
        """What the bot has written."""
        return [message["text"] for message in self.messages(chat_id) if message["from"]["is_bot"]]

    def buttons(self, chat_id: int = CHAT) -> list[list[str]]:
        """The buttons under the bot's last message."""
        markup = self.messages(chat_id)[-1].get("reply_markup", {"inline_keyboard": []})
        return [[button["text"] for button in row] for row in markup["inline_keyboard"]]

    def calls(self, method: str) -> int:
        """How often the bot called a method of Telegram."""
        return len(self.telegram.double.store.requests(method, None, 0))

    # the API

    async def get(self, path: str, user_id: UUID = OWNER) -> Any:
        answer = await self.client.get(path, headers=Person(user_id).headers)
        assert answer.status_code == 200, answer.text
        return answer.json()


@asynccontextmanager
async def bot_with_quick_goodbye(settings: NotifierSettings) -> AsyncIterator[Bot]:
    """aiogram lingers for a quarter of a second when it closes connections by itself."""
    async with opened_bot(settings) as bot:
        yield bot
        assert isinstance(bot.session, AiohttpSession)
        if bot.session._session is not None:
            await bot.session._session.close()


@pytest.fixture
async def notifier(service_database: ServiceDatabaseFactory) -> AsyncIterator[Notifier]:
    urls = await service_database("notifier")
    clock = FixedClock(NOW)
    api, worker, owner = connected(urls, pool_size=6)
    async with serve(token=TOKEN) as telegram, FakeGateway().served() as fake:
        settings = NotifierSettings(
            telegram_bot_token=TOKEN,
            telegram_bot_username="carpass_bot",
            telegram_api_url=telegram.url,
            telegram_timeout=30,  # of this machine's time: a busy one is no fault; and so below
            sending_lease=60,
            gateway_url=fake.url,
            gateway_timeout=30,
            notifier_credential=CREDENTIAL,
        )
        app = service(settings, clock=clock, keys=PUBLIC_KEYS).build_app(api)
        transport = httpx.ASGITransport(app=app)
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://notifier") as client,
            httpx.AsyncClient(base_url=telegram.url) as telegram_client,
            bot_with_quick_goodbye(settings) as bot,
            opened_gateway(settings) as gateway,
        ):
            yield Notifier(
                urls=urls,
                settings=settings,
                clock=clock,
                api=api,
                worker=worker,
                owner=owner,
                client=client,
                bot=bot,
                delivery=make_delivery(settings, worker, bot, reminder_timers(clock), clock),
                updates=make_update_handling(settings, worker, bot, gateway, clock),
                telegram=telegram,
                telegram_client=telegram_client,
                gateway=fake,
                subscriptions=make_subscriptions(clock),
            )
    for database in (api, worker, owner):
        await database.dispose()
