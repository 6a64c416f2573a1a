"""aiogram's HTTP session, with what aiogram does not tell: whether a request that failed had left this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.exceptions import TelegramNetworkError, TelegramServerError
from aiogram.methods import Response, TelegramMethod
from aiohttp import ClientSession, TraceConfig


class Departure:
    """Whether the head of a request was handed to the network."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = False


_departure: ContextVar[Departure | None] = ContextVar("telegram_departure", default=None)


@contextmanager
def watched() -> Iterator[Departure]:
    """Watches the one request that this task makes meanwhile."""
    departure = Departure()
    token = _departure.set(departure)
    try:
        yield departure
    finally:
        _departure.reset(token)


async def _note_departure(*_: Any) -> None:
    departure = _departure.get()
    if departure is not None:
        departure.left = True


class TelegramSession(AiohttpSession):
    """Notes departures, and reads answers that are not Telegram's own: a gateway's page in front of it."""

    async def create_session(self) -> ClientSession:
        """The pooled client session, watched."""
        session = await super().create_session()
        if not session.trace_configs:
            tracing = TraceConfig()
            tracing.on_request_headers_sent.append(_note_departure)
            tracing.freeze()
            session.trace_configs.append(tracing)
        return session

    def check_response[T](self, bot: Bot, method: TelegramMethod[T], status_code: int, content: str) -> Response[T]:
        """Raises what aiogram raises, and for a 5xx that is no JSON what the status says."""
        if status_code == HTTPStatus.GATEWAY_TIMEOUT:
            # Somebody on the way gave up waiting: as with our own timeout, nobody knows whether it was done.
            raise TelegramNetworkError(method=method, message="gateway timeout")
        if status_code >= HTTPStatus.INTERNAL_SERVER_ERROR and not _is_telegrams(content):
            raise TelegramServerError(method=method, message=f"HTTP {status_code}")
        return super().check_response(bot, method, status_code, content)


def _is_telegrams(content: str) -> bool:
    try:
        answer = json.loads(content)
    except ValueError:
        return False
    return isinstance(answer, dict) and answer.get("ok") is False and isinstance(answer.get("description"), str)


def make_bot(token: str, api_url: str, *, timeout: float) -> Bot:
    """The bot at this address; `timeout` is in seconds, for each call. Close its session at the end."""
    session = TelegramSession(api=TelegramAPIServer.from_base(api_url), timeout=timeout)
    return Bot(
        token,
        session=session,
        default=DefaultBotProperties(parse_mode=ParseMode.HTML, link_preview_is_disabled=True),
    )
