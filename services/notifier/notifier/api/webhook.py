"""Where Telegram calls in webhook mode. It is told that an update is safe once it is written down."""

from __future__ import annotations

import hmac
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, Response

from chassis.problems import Invalid, NotFound, Unauthenticated
from notifier.api.context import ApiDatabase, Now, Settings
from notifier.db.updates import add_updates

router = APIRouter(tags=["telegram"])

_BIGGEST = (1 << 63) - 1


async def telegram(
    settings: Settings,
    secret: Annotated[str, Header(alias="X-Telegram-Bot-Api-Secret-Token")] = "",
) -> None:
    """Lets nobody in who does not know the secret that setWebhook told Telegram."""
    if settings.telegram_mode != "webhook":
        raise NotFound
    if not hmac.compare_digest(secret.encode(), settings.telegram_webhook_secret.encode()):
        raise Unauthenticated("The secret token is wrong.")


@router.post("/v1/telegram/webhook", dependencies=[Depends(telegram)])
async def receive_telegram_update(
    update: Annotated[dict[str, Any], Body()], database: ApiDatabase, now: Now
) -> Response:
    """An update of the bot; a repeated one changes nothing."""
    update_id = update.get("update_id")
    if type(update_id) is not int or not 0 <= update_id <= _BIGGEST:
        raise Invalid("An update has an update_id.")
    async with database.transaction() as tx:
        await add_updates(tx, [update], now=now)
    return Response(status_code=200)
