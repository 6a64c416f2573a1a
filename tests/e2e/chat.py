"""A person's private chat with the bot, looked at and acted in through the double of the Bot API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from cli.client.gateway import Person
from tests.e2e.playing import PATIENCE
from tests.support.eventually import eventually


@dataclass(frozen=True)
class Message:
    """As it stands in the chat now; `buttons` are callback data by what is written on them."""

    id: int
    text: str
    buttons: dict[str, str]


@dataclass(frozen=True)
class Chat:
    """`url`: of the double."""

    url: str
    person: Person

    async def messages(self) -> list[Message]:
        """What the bot has written."""
        shown = await self._get("messages")
        return [_message(message) for message in shown["messages"] if message["from"]["is_bot"]]

    async def message(self, saying: str, *, buttons: int) -> Message:
        """The newest message with these words and so many buttons, once it stands there."""
        return await self._find(lambda message: saying in message.text and len(message.buttons) == buttons)

    async def edited(self, message: Message, saying: str, *, buttons: int) -> Message:
        """The same message, once it has these words and so many buttons."""
        return await self._find(
            lambda shown: shown.id == message.id and saying in shown.text and len(shown.buttons) == buttons
        )

    async def press(self, message: Message, button: str) -> str:
        """Presses what `message` showed when it was looked at, even if it is gone by now; what the bot answers."""
        pressed = await self._post(
            "updates/press",
            {"message_id": message.id, "callback_data": message.buttons[button], "stale": True},
        )

        async def answer() -> str | bool:
            presses = (await self._get("presses"))["presses"]
            (mine,) = [each for each in presses if each["callback_query_id"] == pressed["callback_query_id"]]
            return str(mine["answer"]["text"]) if mine["answer"] else False

        return str(await eventually(answer, within=PATIENCE))

    async def _find(self, fits: Callable[[Message], bool]) -> Message:
        async def look() -> list[Message]:
            return [message for message in await self.messages() if fits(message)]

        return (await eventually(look, within=PATIENCE))[-1]

    async def _get(self, what: str) -> Any:
        async with httpx.AsyncClient(base_url=self.url) as http:
            return (await http.get(f"/control/{what}", params={"chat_id": self.person.telegram.id})).json()

    async def _post(self, what: str, body: dict[str, Any]) -> Any:
        async with httpx.AsyncClient(base_url=self.url) as http:
            answer = await http.post(f"/control/{what}", json={"chat_id": self.person.telegram.id, **body})
            answer.raise_for_status()
            return answer.json()


def _message(shown: dict[str, Any]) -> Message:
    rows = shown.get("reply_markup", {}).get("inline_keyboard", [])
    return Message(
        int(shown["message_id"]),
        str(shown["text"]),
        {button["text"]: button["callback_data"] for row in rows for button in row},
    )
