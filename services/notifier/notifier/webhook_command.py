"""`python -m notifier webhook set URL | remove`: where Telegram brings what the bot hears."""

from __future__ import annotations

import asyncio
import sys

from aiogram.exceptions import AiogramError

from notifier.settings import NotifierSettings
from notifier.telegram.poller import ALLOWED_UPDATES
from notifier.telegram.session import make_bot


def webhook_command(settings: NotifierSettings, arguments: list[str]) -> int:
    """0 when Telegram has agreed, 1 when it has not, 2 for a wrong call."""
    match arguments:
        case ["set", url] if settings.telegram_mode == "webhook":
            return asyncio.run(_tell(settings, url))
        case ["set", _]:
            sys.stderr.write("set CARPASS_TELEGRAM_MODE=webhook first, or the workers go on polling\n")
            return 2
        case ["remove"]:
            return asyncio.run(_tell(settings, None))
        case _:
            sys.stderr.write("usage: python -m notifier webhook set URL | remove\n")
            return 2


async def _tell(settings: NotifierSettings, url: str | None) -> int:
    bot = make_bot(
        settings.required("telegram_bot_token"), settings.telegram_api_url, timeout=settings.telegram_timeout
    )
    try:
        if url is None:
            await bot.delete_webhook(drop_pending_updates=False)
        else:
            await bot.set_webhook(url, secret_token=settings.telegram_webhook_secret, allowed_updates=ALLOWED_UPDATES)
    except (AiogramError, OSError, TimeoutError) as error:
        sys.stderr.write(f"Telegram has not agreed: {type(error).__name__}\n")
        return 1
    finally:
        await bot.session.close()
    sys.stdout.write("webhook removed\n" if url is None else "webhook set\n")
    return 0
