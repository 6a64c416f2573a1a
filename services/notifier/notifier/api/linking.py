"""The link between a user and his Telegram chat."""

from __future__ import annotations

from fastapi import APIRouter, Response

from chassis.http import Action, Answer, Caller, Reader, VersionedAction
from chassis.problems import Unavailable
from notifier.api.context import Now, Settings
from notifier.api.schemas import LinkRequestResponse, TelegramLinkResponse, link_request_response, link_response
from notifier.commands.link_telegram import request_link, unlink
from notifier.queries import telegram_link

router = APIRouter(tags=["telegram"])


@router.get("/v1/telegram/link", response_model=TelegramLinkResponse)
async def get_telegram_link(tx: Reader, caller: Caller, now: Now) -> Response:
    """Whether the caller's notifications reach him in Telegram."""
    link = await telegram_link(tx, caller.user_id, now=now)
    return Answer(200, link_response(link), version=link.version).response()


@router.post("/v1/telegram/link", status_code=201, response_model=LinkRequestResponse)
async def request_telegram_link(action: Action, settings: Settings, now: Now) -> Response:
    """A deep link into the bot, good once and for ten minutes, for the Telegram account that the caller signs in with.

    An earlier one is void from now on.
    """
    username = settings.telegram_bot_username
    if not username:
        raise Unavailable("This installation has no Telegram bot.", retry_after=3600)
    return await action.run(
        lambda tx: request_link(tx, action.caller.user_id, now=now),
        lambda issued: Answer(
            201,
            link_request_response(issued, username),
            location="/v1/telegram/link",
            replay=link_request_response(issued, None),
        ),
    )


@router.delete("/v1/telegram/link", status_code=204)
async def remove_telegram_link(action: VersionedAction, now: Now) -> Response:
    """Forgets the caller's chat. What was to be sent there stays readable in the inbox."""
    return await action.run(
        lambda tx: unlink(tx, action.caller.user_id, expected_version=action.expected_version, now=now),
        lambda _: Answer(204),
    )
