"""The control API: look at what was sent, act as a user, script failures."""

import asyncio
import contextlib
import json
import secrets
import time
from typing import Any

from aiohttp import web

from telegram_double.faults import Faults, fault_from
from telegram_double.formatting import found_entities
from telegram_double.keyboard import buttons
from telegram_double.store import Chat, Json, Store
from telegram_double.updates import Updates

_USER_FIELDS = {"id", "first_name", "last_name", "username", "language_code"}
_HEARTBEAT = 15.0


class ControlError(Exception):
    """A control request that makes no sense; becomes a 4xx with the sentence in `error`."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Control:
    """Handlers under /control."""

    def __init__(self, store: Store, updates: Updates, faults: Faults, bot: Json) -> None:
        self._store = store
        self._updates = updates
        self._faults = faults
        self._bot = bot
        self._changed = asyncio.Event()
        self._closed = False
        store.changed = self._announce

    def routes(self) -> list[web.RouteDef]:
        """The control API's routing table."""
        return [
            web.get("/control/bot", self._get_bot),
            web.get("/control/chats", self._get_chats),
            web.get("/control/messages", self._get_messages),
            web.get("/control/presses", self._get_presses),
            web.get("/control/requests", self._get_requests),
            web.get("/control/faults", self._get_faults),
            web.get("/control/events", self._get_events),
            web.post("/control/updates/message", self._post_message),
            web.post("/control/updates/press", self._post_press),
            web.post("/control/updates/block", self._post_block),
            web.post("/control/faults", self._post_fault),
            web.delete("/control/faults", self._delete_faults),
            web.post("/control/reset", self._post_reset),
        ]

    def close(self) -> None:
        """End the live streams."""
        self._closed = True
        self._announce()

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _get_bot(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "bot": self._bot,
                "commands": self._store.setting("commands:default:", []),
                "webhook": (self._store.setting("webhook") or {}).get("url"),
                "webhook_error": self._store.setting("webhook_error"),
                "pending_updates": self._store.pending_updates(),
            }
        )

    async def _get_chats(self, _request: web.Request) -> web.Response:
        chats = [
            {
                "chat_id": chat.id,
                "user": chat.user,
                "blocked": chat.blocked,
                "last_message_id": chat.last_message_id,
            }
            for chat in self._store.chats()
        ]
        return web.json_response({"chats": chats})

    async def _get_messages(self, request: web.Request) -> web.Response:
        return web.json_response({"messages": self._store.messages(_query_integer(request, "chat_id"))})

    async def _get_presses(self, request: web.Request) -> web.Response:
        return web.json_response({"presses": self._store.presses(_query_integer(request, "chat_id"))})

    async def _get_requests(self, request: web.Request) -> web.Response:
        requests = self._store.requests(
            request.query.get("method"),
            _query_integer(request, "chat_id"),
            _query_integer(request, "after_id") or 0,
        )
        return web.json_response({"requests": requests})

    async def _get_faults(self, _request: web.Request) -> web.Response:
        return web.json_response({"faults": self._faults.waiting()})

    async def _get_events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: one `changed` after every change, for the page's live refresh."""
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await stream.prepare(request)
        with contextlib.suppress(ConnectionResetError):
            await stream.write(b"retry: 1000\n\n")
            await self._tell_changes(stream)
        return stream

    async def _tell_changes(self, stream: web.StreamResponse) -> None:
        while not self._closed:
            changed = self._changed
            await stream.write(b"data: changed\n\n")
            while not changed.is_set():
                try:
                    await asyncio.wait_for(changed.wait(), _HEARTBEAT)
                except TimeoutError:
                    await stream.write(b": alive\n\n")

    async def _post_message(self, request: web.Request) -> web.Response:
        body = await _body(request)
        text = str(body.get("text") or "").strip()
        if not text:
            raise ControlError(422, "text is required")
        chat = self._author(body)
        if chat.blocked:
            self._set_blocked(chat, blocked=False)
        message: Json = {"from": chat.user, "chat": chat.as_telegram(), "date": int(time.time()), "text": text}
        entities = found_entities(text, [])
        if entities:
            message["entities"] = entities
        message = self._store.add_message(chat.id, message)
        update_id = self._updates.put("message", message)
        return web.json_response({"update_id": update_id, "message": message})

    def _author(self, body: Json) -> Chat:
        user = body.get("user")
        if user is None:
            return self._known(body.get("chat_id"))
        if not isinstance(user, dict) or not isinstance(user.get("id"), int) or user.keys() - _USER_FIELDS:
            raise ControlError(422, f"user needs a whole-number id and may have {', '.join(sorted(_USER_FIELDS))}")
        known = self._store.chat(user["id"])
        given = {name: value for name, value in user.items() if value not in {None, ""}}
        kept = known.user if known else {"is_bot": False, "first_name": f"User {user['id']}"}
        return self._store.save_user(kept | given)

    def _known(self, chat_id: Any) -> Chat:
        chat = self._store.chat(chat_id) if isinstance(chat_id, int) else None
        if chat is None:
            raise ControlError(404, "no such chat; give a user to create one")
        return chat

    async def _post_press(self, request: web.Request) -> web.Response:
        body = await _body(request)
        chat = self._known(body.get("chat_id"))
        message = self._pressed_message(chat, body.get("message_id"))
        data = _pressed_data(message, body)
        press_id = str(secrets.randbits(62))
        self._store.add_press(press_id, chat.id, message["message_id"], data)
        query = {
            "id": press_id,
            "from": chat.user,
            "message": message,
            "chat_instance": str(chat.id),
            "data": data,
        }
        update_id = self._updates.put("callback_query", query)
        return web.json_response({"update_id": update_id, "callback_query_id": press_id, "callback_data": data})

    def _pressed_message(self, chat: Chat, message_id: Any) -> Json:
        if message_id is None:
            with_buttons = [message for message in self._store.messages(chat.id) if buttons(message)]
            if not with_buttons:
                raise ControlError(404, "no message with buttons in this chat")
            return with_buttons[-1]
        message = self._store.message(chat.id, int(message_id))
        if message is None:
            raise ControlError(404, "no such message")
        return message

    async def _post_block(self, request: web.Request) -> web.Response:
        body = await _body(request)
        chat = self._known(body.get("chat_id"))
        update_id = self._set_blocked(chat, blocked=bool(body.get("blocked", True)))
        return web.json_response({"update_id": update_id})

    def _set_blocked(self, chat: Chat, *, blocked: bool) -> int | None:
        if chat.blocked == blocked:
            return None
        self._store.set_blocked(chat.id, blocked=blocked)
        member, kicked = (
            {"user": self._bot, "status": "member"},
            {"user": self._bot, "status": "kicked", "until_date": 0},
        )
        return self._updates.put(
            "my_chat_member",
            {
                "chat": chat.as_telegram(),
                "from": chat.user,
                "date": int(time.time()),
                "old_chat_member": member if blocked else kicked,
                "new_chat_member": kicked if blocked else member,
            },
        )

    async def _post_fault(self, request: web.Request) -> web.Response:
        try:
            fault = fault_from(await _body(request))
        except (TypeError, ValueError) as error:
            raise ControlError(422, str(error)) from None
        self._faults.add(fault)
        return web.json_response({"faults": self._faults.waiting()})

    async def _delete_faults(self, _request: web.Request) -> web.Response:
        self._faults.clear()
        return web.json_response({"faults": []})

    async def _post_reset(self, request: web.Request) -> web.Response:
        await _body(request)
        self._store.reset()
        self._faults.clear()
        self._updates.wake()
        return web.json_response({})


def _pressed_data(message: Json, body: Json) -> str:
    """The pressed button's data: named by `callback_data` or by its text in `button`.

    Data that is no longer on the message is refused unless `stale` is true: a press that was on its way
    while the bot took the buttons off.
    """
    data, label = body.get("callback_data"), body.get("button")
    on_message = {button["callback_data"]: button["text"] for button in buttons(message) if "callback_data" in button}
    if data is None:
        data = next((found for found, text in on_message.items() if text == label), None)
    elif data not in on_message and not body.get("stale"):
        data = None
    if data is None:
        raise ControlError(404, "no such button on the message")
    return str(data)


async def _body(request: web.Request) -> Json:
    # A page of another origin can't send this content type without asking first: no forged requests.
    if request.content_type != "application/json":
        raise ControlError(415, "send application/json")
    try:
        body = json.loads(await request.text())
    except ValueError:
        raise ControlError(400, "the body is no JSON") from None
    if not isinstance(body, dict):
        raise ControlError(400, "the body must be an object")
    return body


def _query_integer(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise ControlError(400, f"{name} must be a whole number") from None
