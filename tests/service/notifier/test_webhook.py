"""Webhook mode: Telegram calls us, with a secret that only it and we know."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from notifier.settings import NotifierSettings
from notifier.webhook_command import webhook_command
from notifier.wiring import service
from tests.service.notifier.conftest import CHAT, Notifier
from tests.support.people import PUBLIC_KEYS

SECRET = "a-secret-of-the-webhook"
PATH = "/v1/telegram/webhook"
HEADER = "X-Telegram-Bot-Api-Secret-Token"


@pytest.fixture
async def webhook(notifier: Notifier) -> AsyncIterator[httpx.AsyncClient]:
    settings = notifier.settings.model_copy(update={"telegram_mode": "webhook", "telegram_webhook_secret": SECRET})
    app = service(settings, clock=notifier.clock, keys=PUBLIC_KEYS).build_app(notifier.api)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://notifier") as client:
        yield client


def update(number: int = 1, words: str = "/help") -> dict[str, Any]:
    user = {"id": CHAT, "is_bot": False, "first_name": "Somebody", "language_code": "ru"}
    chat = {"id": CHAT, "type": "private", "first_name": "Somebody"}
    message = {"message_id": 1, "from": user, "chat": chat, "date": 1773482400, "text": words}
    message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(words)}]
    return {"update_id": number, "message": message}


async def test_an_update_is_written_down_and_answered_by_a_worker(
    notifier: Notifier, webhook: httpx.AsyncClient
) -> None:
    await notifier.meet()
    answer = await webhook.post(PATH, json=update(), headers={HEADER: SECRET})
    assert answer.status_code == 200
    assert await notifier.updates.handle_next() == 1
    assert notifier.texts()[0].startswith("Я бот CarPass")


async def test_a_repeated_update_is_answered_once(notifier: Notifier, webhook: httpx.AsyncClient) -> None:
    await notifier.meet()
    for _ in range(2):
        assert (await webhook.post(PATH, json=update(), headers={HEADER: SECRET})).status_code == 200
    await notifier.updates.handle_next()
    assert (await webhook.post(PATH, json=update(), headers={HEADER: SECRET})).status_code == 200
    assert await notifier.updates.handle_next() == 0
    assert len(notifier.texts()) == 1


async def test_whoever_does_not_know_the_secret_is_turned_away(notifier: Notifier, webhook: httpx.AsyncClient) -> None:
    for secret in (None, "", "wrong", SECRET[:-1], SECRET + "x"):
        headers = {} if secret is None else {HEADER: secret}
        assert (await webhook.post(PATH, json=update(), headers=headers)).status_code == 401, secret
    assert await notifier.value("SELECT count(*) FROM telegram_update") == 0


async def test_what_is_no_update_is_refused(webhook: httpx.AsyncClient) -> None:
    for number in (None, True, "1", -1, 1.5):
        assert (await webhook.post(PATH, json={"update_id": number}, headers={HEADER: SECRET})).status_code == 422
    assert (await webhook.post(PATH, json={}, headers={HEADER: SECRET})).status_code == 422


async def test_a_strange_sender_breaks_nothing(notifier: Notifier, webhook: httpx.AsyncClient) -> None:
    for number, sender in enumerate((2**53 + 1, "x", None, {"id": 1})):
        strange = update(number)
        strange["message"]["from"]["id"] = sender
        assert (await webhook.post(PATH, json=strange, headers={HEADER: SECRET})).status_code == 200
    while await notifier.updates.handle_next():
        pass
    assert await notifier.value("SELECT count(*) FROM telegram_update WHERE done_at IS NULL") == 0


async def test_the_route_does_not_exist_while_the_bot_polls(notifier: Notifier) -> None:
    answer = await notifier.client.post(PATH, json=update(), headers={HEADER: ""})
    assert answer.status_code == 404


@pytest.mark.parametrize("secret", ["", "short", "not allowed: spaces and more"])
def test_webhook_mode_does_not_start_without_a_good_secret(secret: str) -> None:
    with pytest.raises(ValidationError, match="CARPASS_TELEGRAM_WEBHOOK_SECRET"):
        NotifierSettings(telegram_mode="webhook", telegram_webhook_secret=secret)


async def test_operators_tell_telegram_where_to_call_and_that_it_is_over(
    notifier: Notifier, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = notifier.settings.model_copy(update={"telegram_mode": "webhook", "telegram_webhook_secret": SECRET})
    address = "https://carpass.example/v1/telegram/webhook"
    assert await asyncio.to_thread(webhook_command, settings, ["set", address]) == 0
    assert notifier.telegram.double.store.setting("webhook")["url"] == address
    assert await asyncio.to_thread(webhook_command, settings, ["remove"]) == 0
    assert (notifier.telegram.double.store.setting("webhook") or {}).get("url") in {None, ""}
    assert await asyncio.to_thread(webhook_command, notifier.settings, ["set", address]) == 2
    assert await asyncio.to_thread(webhook_command, settings, []) == 2
    assert "usage" in capsys.readouterr().err
