from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiogram import Bot
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from aiohttp import web

from telegram_double.server import RunningDouble, serve
from tests.support.eventually import eventually
from tests.unit.telegram_double.conftest import ANNA, TOKEN, Control


async def test_every_call_is_recorded_with_its_headers(double: RunningDouble, anna: int, control: Control) -> None:
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with aiohttp.ClientSession(double.url) as session:
        await session.post(
            f"/bot{TOKEN}/sendMessage",
            json={"chat_id": anna, "text": "hi"},
            headers={"traceparent": traceparent},
        )
    (request,) = (await control("GET", f"requests?chat_id={anna}"))["requests"]
    assert request["method"] == "sendMessage"
    assert request["params"]["text"] == "hi"
    assert request["headers"]["traceparent"] == traceparent
    assert request["status"] == 200
    assert TOKEN not in str(request)


async def test_user_who_writes_gets_a_chat(anna: int, control: Control) -> None:
    (chat,) = (await control("GET", "chats"))["chats"]
    assert chat == {
        "chat_id": anna,
        "user": {**ANNA, "is_bot": False},
        "blocked": False,
        "last_message_id": 1,
    }


async def test_press_names_a_button_that_is_there(bot: Bot, anna: int, control: Control) -> None:
    button = InlineKeyboardButton(text="Yes", callback_data="v1:yes")
    await bot.send_message(anna, "?", reply_markup=InlineKeyboardMarkup(inline_keyboard=[[button]]))
    pressed = await control("POST", "updates/press", {"chat_id": anna, "callback_data": "v1:yes"})
    assert pressed["callback_data"] == "v1:yes"
    refused = await control("POST", "updates/press", {"chat_id": anna, "callback_data": "v1:no"})
    assert refused == {"error": "no such button on the message"}
    late = {"chat_id": anna, "message_id": 2, "callback_data": "v1:no", "stale": True}
    assert (await control("POST", "updates/press", late))["callback_data"] == "v1:no"


async def test_writing_again_unblocks_the_bot(bot: Bot, anna: int, control: Control) -> None:
    await control("POST", "updates/block", {"chat_id": anna, "blocked": True})
    await control("POST", "updates/message", {"chat_id": anna, "text": "/start"})
    statuses = [
        update.my_chat_member.new_chat_member.status for update in await bot.get_updates() if update.my_chat_member
    ]
    assert statuses == ["kicked", "member"]
    await bot.send_message(anna, "Welcome back")


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        ("updates/message", {"chat_id": 404, "text": "hi"}, "no such chat; give a user to create one"),
        ("updates/message", {"user": ANNA}, "text is required"),
        ("updates/press", {"chat_id": 501}, "no message with buttons in this chat"),
        ("faults", {"kind": "sunspots"}, "kind must be one of"),
        ("faults", {"kind": "429", "retry_after": "soon"}, "invalid literal"),
        ("faults", {"kind": "429", "retry": 3}, "unknown field: retry"),
    ],
)
async def test_senseless_control_request_says_why(
    anna: int, control: Control, path: str, body: dict[str, Any], error: str
) -> None:
    assert anna == ANNA["id"]
    assert error in (await control("POST", path, body))["error"]


async def test_form_of_another_site_cannot_act(double: RunningDouble) -> None:
    async with (
        aiohttp.ClientSession(double.url) as session,
        session.post("/control/reset", data="{}", headers={"Content-Type": "text/plain"}) as answer,
    ):
        assert answer.status == 415


async def test_reset_forgets_chats_and_calls_but_not_the_commands(bot: Bot, anna: int, control: Control) -> None:
    await bot.send_message(anna, "hi")
    await bot.set_webhook("http://127.0.0.1:9/hook")
    await control("POST", "reset", {})
    assert (await control("GET", "chats"))["chats"] == []
    assert (await control("GET", "requests"))["requests"] == []
    assert (await bot.get_webhook_info()).url == "http://127.0.0.1:9/hook"


async def test_state_outlives_the_process(tmp_path: Path) -> None:
    async with serve(token=TOKEN, state=tmp_path) as first, aiohttp.ClientSession(first.url) as session:
        await session.post("/control/updates/message", json={"user": ANNA, "text": "/start"})
    async with serve(token=TOKEN, state=tmp_path) as second, aiohttp.ClientSession(second.url) as session:
        async with session.get("/control/messages?chat_id=501") as answer:
            (message,) = (await answer.json())["messages"]
            assert message["text"] == "/start"
        async with session.get(f"/bot{TOKEN}/getUpdates") as answer:
            (update,) = (await answer.json())["result"]
            assert update["message"]["message_id"] == 1


async def test_page_allows_no_foreign_resource(double: RunningDouble) -> None:
    async with aiohttp.ClientSession(double.url) as session, session.get("/") as answer:
        page = await answer.text()
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "<script>" in page
    assert "innerHTML" not in page
    assert "src=" not in page


async def test_live_stream_tells_of_changes(double: RunningDouble) -> None:
    async with aiohttp.ClientSession(double.url) as session, session.get("/control/events") as stream:
        assert b"retry" in await stream.content.readuntil(b"\n\n")
        assert b"changed" in await stream.content.readuntil(b"\n\n")
        await session.post("/control/updates/message", json={"user": ANNA, "text": "/start"})
        assert b"changed" in await stream.content.readuntil(b"\n\n")


class Hook:
    """A bot's webhook that refuses the first deliveries."""

    def __init__(self, refusals: int, reply: dict[str, Any]) -> None:
        self.refusals = refusals
        self.reply = reply
        self.taken: list[tuple[str | None, dict[str, Any]]] = []

    async def take(self, request: web.Request) -> web.Response:
        if self.refusals:
            self.refusals -= 1
            return web.Response(status=500)
        secret = request.headers.get("X-Telegram-Bot-Api-Secret-Token")
        self.taken.append((secret, await request.json()))
        return web.json_response(self.reply)


async def test_webhook_is_called_until_it_takes_the_update(
    bot: Bot, double: RunningDouble, anna: int, control: Control
) -> None:
    hook = Hook(refusals=2, reply={"method": "sendMessage", "chat_id": anna, "text": "from the answer"})
    app = web.Application()
    app.router.add_post("/hook", hook.take)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        await bot.set_webhook(f"http://127.0.0.1:{port}/hook", secret_token="s3cret")
        await control("POST", "updates/message", {"chat_id": anna, "text": "second"})

        def both_answered() -> bool:
            shown = double.double.store.messages(anna)
            return [each["text"] for each in shown if each["from"]["is_bot"]] == ["from the answer"] * 2

        await eventually(both_answered, within=60)
    finally:
        await runner.cleanup()
    assert {secret for secret, _ in hook.taken} == {"s3cret"}
    assert [update["message"]["text"] for _, update in hook.taken] == ["/start", "second"]
    assert double.double.store.pending_updates() == 0
    assert (await bot.get_webhook_info()).last_error_message is not None


async def test_polling_is_refused_while_a_webhook_is_set(bot: Bot, double: RunningDouble) -> None:
    await bot.set_webhook("http://127.0.0.1:9/hook")
    async with (
        aiohttp.ClientSession(double.url) as session,
        session.get(f"/bot{TOKEN}/getUpdates") as answer,
    ):
        assert answer.status == 409
        assert "can't use getUpdates method while webhook is active" in (await answer.json())["description"]
