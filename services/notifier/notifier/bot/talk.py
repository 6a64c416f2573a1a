"""How the bot answers: at the shared pace, and never failing for what Telegram does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramRetryAfter
from aiogram.methods import EditMessageText, SendMessage, TelegramMethod

from notifier.telegram.composing import Composed
from notifier.telegram.pacing import SharedPace

log: structlog.stdlib.BoundLogger = structlog.get_logger("notifier.bot")


class Talk:
    """What the bot says by itself. A word that is lost costs nothing: what it tells of is stored."""

    def __init__(self, bot: Bot, pace: SharedPace) -> None:
        self._bot = bot
        self._pace = pace

    async def say(self, chat_id: int, words: str) -> None:
        """A plain message."""
        await self._paced(SendMessage(chat_id=chat_id, text=words, parse_mode=None))

    async def rewrite(self, chat_id: int, message_id: int, composed: Composed) -> None:
        """The message as it should stand now; one that does already is left alone."""
        await self._paced(
            EditMessageText(chat_id=chat_id, message_id=message_id, text=composed.html, reply_markup=composed.keyboard)
        )

    async def answer_press(self, press_id: str, words: str | None) -> None:
        """Ends the waiting sign on the pressed button; Telegram does not count it."""
        try:
            await self._bot.answer_callback_query(press_id, words)
        except (AiogramError, OSError, TimeoutError) as error:
            log.info("press not answered", error=type(error).__name__)

    async def _paced(self, method: TelegramMethod[Any]) -> None:
        if not await self._pace.turn():
            log.warning("silenced by Telegram", method=type(method).__name__)
            return
        try:
            await self._bot(method)
        except TelegramRetryAfter as error:
            await self._pace.freeze(timedelta(seconds=error.retry_after))
        except TelegramBadRequest as error:
            if "message is not modified" not in error.message:
                log.warning("Telegram refused a message of the bot", method=type(method).__name__)
        except (AiogramError, OSError, TimeoutError) as error:
            log.warning("message of the bot not sent", method=type(method).__name__, error=type(error).__name__)
