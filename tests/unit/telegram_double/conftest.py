from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from telegram_double.server import RunningDouble, serve

TOKEN = "700100:local-token"
ANNA = {"id": 501, "first_name": "Anna", "language_code": "ru"}

type Control = Callable[..., Awaitable[Any]]


@pytest.fixture
async def double() -> AsyncIterator[RunningDouble]:
    async with serve(token=TOKEN) as running:
        yield running


@pytest.fixture
async def bot(double: RunningDouble) -> AsyncIterator[Bot]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(double.url), timeout=10)
    async with Bot(TOKEN, session=session) as connected:
        yield connected


@pytest.fixture
async def control(double: RunningDouble) -> AsyncIterator[Control]:
    async with aiohttp.ClientSession(double.url) as session:

        async def call(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
            async with session.request(method, f"/control/{path}", json=body) as answer:
                return await answer.json()

        yield call


@pytest.fixture
async def anna(control: Control) -> int:
    await control("POST", "updates/message", {"user": ANNA, "text": "/start"})
    return ANNA["id"]  # type: ignore[return-value]
