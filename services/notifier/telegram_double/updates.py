"""Updates on their way to the bot: a long poll or a webhook, never both."""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from telegram_double.errors import BotApiError
from telegram_double.store import Store

NOT_SENT_UNLESS_ASKED = {"chat_member", "message_reaction", "message_reaction_count"}
POLL_LIMIT = 100
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0
_WEBHOOK_TIMEOUT = aiohttp.ClientTimeout(total=30)
_OK = range(200, 300)

type CallMethod = Callable[[str, dict[str, Any]], Awaitable[None]]


class Updates:
    """The queue in front of the bot; it survives a restart with the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._arrived = asyncio.Event()
        self._poller: object | None = None
        self._closed = False

    def put(self, kind: str, body: dict[str, Any]) -> int | None:
        """Queue an update and wake whoever waits; None when the bot did not ask for this kind."""
        asked = self._store.setting("allowed_updates") or []
        if kind not in asked if asked else kind in NOT_SENT_UNLESS_ASKED:
            return None
        update_id = self._store.add_update(kind, body)
        self.wake()
        return update_id

    def wake(self) -> None:
        """Let waiting polls and the webhook look again."""
        self._arrived.set()
        self._arrived = asyncio.Event()

    def close(self) -> None:
        """End every waiting poll with what there is."""
        self._closed = True
        self.wake()

    async def poll(self, offset: int, limit: int, timeout_seconds: float) -> list[dict[str, Any]]:
        """Pending updates from `offset` on, waited for; a newer poll ends an older one with 409."""
        if self._store.setting("webhook"):
            raise BotApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        if offset:
            self._store.confirm_updates(offset)
        me = self._poller = object()
        self.wake()
        deadline = asyncio.get_running_loop().time() + timeout_seconds
        while True:
            arrived = self._arrived
            if self._poller is not me:
                raise BotApiError(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
                )
            left = deadline - asyncio.get_running_loop().time()
            updates = self._store.updates(limit)
            if updates or left <= 0 or self._closed:
                return updates
            await self.wait(arrived, left)

    async def wait(self, arrived: asyncio.Event, seconds: float) -> None:
        """Until something happened or the time is over."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(arrived.wait(), seconds)

    @property
    def arrived(self) -> asyncio.Event:
        """Set at the next change; read it before looking at the store."""
        return self._arrived


class WebhookSender:
    """Posts pending updates, one at a time and in order, until each is answered with 2xx."""

    def __init__(self, store: Store, updates: Updates, call_method: CallMethod) -> None:
        self._store = store
        self._updates = updates
        self._call_method = call_method

    async def run(self) -> None:
        """Deliver for ever; cancelled at shutdown."""
        pause = _FIRST_PAUSE
        async with aiohttp.ClientSession(timeout=_WEBHOOK_TIMEOUT) as session:
            while True:
                arrived = self._updates.arrived
                webhook = self._store.setting("webhook")
                pending = self._store.updates(1) if webhook else []
                if not pending:
                    await arrived.wait()
                    continue
                failure = await self._deliver(session, webhook, pending[0])
                if failure is None:
                    pause = _FIRST_PAUSE
                    continue
                error = {"last_error_date": int(time.time()), "last_error_message": failure}
                self._store.save_setting("webhook_error", error)
                await self._updates.wait(arrived, pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _deliver(
        self, session: aiohttp.ClientSession, webhook: dict[str, Any], update: dict[str, Any]
    ) -> str | None:
        """Why it failed, or None; the update is forgotten only when it was taken."""
        headers = {"Content-Type": "application/json"}
        if webhook.get("secret_token"):
            headers["X-Telegram-Bot-Api-Secret-Token"] = webhook["secret_token"]
        try:
            async with session.post(
                webhook["url"], data=json.dumps(update), headers=headers, allow_redirects=False
            ) as answer:
                if answer.status not in _OK:
                    return f"Wrong response from the webhook: {answer.status} {answer.reason}"
                reply = await _method_in_reply(answer)
        except TimeoutError:
            return "Connection timed out"
        except aiohttp.ClientError as error:
            return f"Connection failed: {error}"
        self._store.confirm_updates(update["update_id"] + 1)
        if "method" in reply:
            await self._call_method(str(reply.pop("method")), reply)
        return None


async def _method_in_reply(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    """A bot may answer the webhook with a method call, as JSON or multipart."""
    if answer.content_type == "multipart/form-data":
        fields: dict[str, Any] = {}
        async for part in aiohttp.MultipartReader.from_response(answer):
            if isinstance(part, aiohttp.BodyPartReader) and part.name:
                fields[part.name] = await part.text()
        return fields
    try:
        body = json.loads(await answer.read() or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
