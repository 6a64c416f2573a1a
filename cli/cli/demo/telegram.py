"""The customer's Telegram, as the double of the Bot API plays it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from cli.client.gateway import Person
from cli.errors import StackError


@dataclass(frozen=True)
class TelegramDouble:
    """Its control API."""

    url: str

    async def write(self, person: Person, text: str) -> None:
        """The person writes to the bot."""
        user = {
            "id": person.telegram.id,
            "first_name": person.telegram.first_name,
            "language_code": person.telegram.language_code,
        }
        await self._call("POST", "/control/updates/message", {"user": user, "text": text})

    async def open_link(self, person: Person, deep_link: str) -> None:
        """The person follows a deep link into the bot and presses Start."""
        token = parse_qs(urlsplit(deep_link).query)["start"][0]
        await self.write(person, f"/start {token}")

    async def messages(self, person: Person) -> list[dict[str, Any]]:
        """What the bot has written to the person."""
        found = await self._call("GET", f"/control/messages?chat_id={person.telegram.id}", None)
        return list(found["messages"])

    async def _call(self, method: str, path: str, body: Any) -> Any:
        deadline = aiohttp.ClientTimeout(total=10)
        try:
            async with (
                aiohttp.ClientSession(timeout=deadline) as session,
                session.request(method, self.url + path, json=body) as response,
            ):
                if not response.ok:
                    raise StackError(f"The double of the Bot API refused {path}: {await response.text()}")
                return await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise StackError(f"The double of the Bot API at {self.url} did not answer {path}.") from error
