"""One call of sendMessage, and what its end means for the message."""

from __future__ import annotations

from datetime import timedelta

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import InlineKeyboardMarkup

from notifier.domain.delivery import Blocked, Delivered, NotTaken, Outcome, Reason, Refused, Throttled, Unanswered
from notifier.telegram.session import watched

log: structlog.stdlib.BoundLogger = structlog.get_logger("notifier.telegram")


async def send(bot: Bot, chat_id: int, html: str, keyboard: InlineKeyboardMarkup | None) -> Outcome:
    """Sends once. Never raises for what the channel does; no error's text is logged, since it may name the chat."""
    with watched() as departure:
        try:
            message = await bot.send_message(chat_id, html, reply_markup=keyboard)
        except (AiogramError, OSError, TimeoutError) as error:
            outcome = outcome_of(error, left=departure.left)
            log.info("telegram message not sent", error=type(error).__name__, outcome=type(outcome).__name__)
            return outcome
    return Delivered(message.message_id)


def outcome_of(error: Exception, *, left: bool) -> Outcome:  # noqa: PLR0911 - one arm per kind of failure
    """What a failed call says about its message; `left` tells whether the request was on its way."""
    match error:
        case TelegramRetryAfter():
            return Throttled(timedelta(seconds=error.retry_after))
        case TelegramForbiddenError():
            return Blocked()
        case TelegramBadRequest() | TelegramEntityTooLarge() | TelegramMigrateToChat():
            return Refused()
        case TelegramServerError():
            return NotTaken(Reason.CHANNEL_ERROR)
        case TelegramUnauthorizedError() | TelegramNotFound():
            return NotTaken(Reason.MISCONFIGURED)  # the bot's token, never the message: it waits for the operators
        case TelegramNetworkError() | OSError() | TimeoutError():
            return Unanswered() if left else NotTaken(Reason.UNREACHABLE)
        case _:
            return Unanswered()  # an answer that cannot be read
