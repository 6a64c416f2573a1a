"""Files into a car's history and out of it, as the gateway takes and gives them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any
from uuid import uuid4

import aiohttp

from cli.client.gateway import IDEMPOTENCY_KEY, Refused
from cli.errors import StackError

type Progress = Callable[[int, int], None]
"""Told how many of how many records are in."""

type Asked = Mapping[str, str | list[str]]
"""The query of an import: the car, and what its caller knows about the file."""

_DEADLINE = aiohttp.ClientTimeout(total=130)  # an import ends within 120 s
_UNHURRIED = aiohttp.ClientTimeout(sock_connect=20, sock_read=130)  # files by the hundred megabyte take their time
_LONGEST_LINE = 16 << 20
_EVENTS = "text/event-stream"


class CarFiles:
    """Somebody's imports and exports; raises Refused for any answer but 2xx, StackError when nobody answers."""

    def __init__(self, url: str, access_token: str) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {access_token}"}

    async def preview(self, data: bytes, asked: Asked) -> dict[str, Any]:
        """What the file would change."""
        async with self._request("POST", "/v1/imports", data=BytesIO(data), params=dict(asked)) as response:
            told: dict[str, Any] = await response.json()
            return told

    async def commit(self, data: bytes, asked: Asked, expected_hash: str, progress: Progress) -> dict[str, Any]:
        """Changes it, if it still is what the hash stands for."""
        params = {**asked, "mode": "commit", "hash": expected_hash}
        headers = {"Accept": _EVENTS, IDEMPOTENCY_KEY: str(uuid4())}
        async with self._request("POST", "/v1/imports", data=BytesIO(data), params=params, headers=headers) as response:
            async for name, told in _events(response):
                match name:
                    case "progress":
                        progress(told["done"], told["total"])
                    case "result":
                        return told
                    case "problem":
                        raise Refused("The import", told.get("status", 500), told)
        raise StackError("The answer of the import broke off. See with another dry run what became of it.")

    async def export(self, car: str, form: str, write: Callable[[bytes], object]) -> None:
        """Everything about the car, piece by piece."""
        path = f"/v1/cars/{car}/export"
        async with self._request("GET", path, params={"format": form}, timeout=_UNHURRIED) as response:
            async for piece in response.content.iter_any():
                write(piece)

    @asynccontextmanager
    async def _request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        what, sent = f"{method} {path}", {**self._headers, **(headers or {})}
        try:
            async with (
                aiohttp.ClientSession(timeout=_DEADLINE, read_bufsize=_LONGEST_LINE) as session,
                session.request(method, self._url + path, headers=sent, **more) as answer,
            ):
                if not answer.ok:
                    content = await answer.json(content_type=None)
                    raise Refused(what, answer.status, content if isinstance(content, dict) else {})
                yield answer
        except (aiohttp.ClientError, TimeoutError) as error:
            said = f"{self._url} did not answer {what} ({type(error).__name__}); is the stack up? See ./carpass status."
            raise StackError(said) from error


async def _events(response: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Server-sent events: name and data, until the answer ends."""
    name = ""
    async for line in response.content:
        text = line.decode().rstrip("\n")
        if text.startswith("event: "):
            name = text.removeprefix("event: ")
        elif text.startswith("data: "):
            yield name, json.loads(text.removeprefix("data: "))
