"""The gateway's HTTP API, with what a good client does: a deadline, an Idempotency-Key on every command, If-Match."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import aiohttp

from cli.client.sign_in import TelegramUser, signed_init_data
from cli.errors import StackError

IDEMPOTENCY_KEY = "Idempotency-Key"
_DEADLINE = aiohttp.ClientTimeout(total=20)
_BUSY = {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}


class Refused(StackError):  # noqa: N818 - reads as what happened
    """The gateway answered with a problem."""

    def __init__(self, what: str, status: int, problem: Mapping[str, Any], *, retry_after: float = 1.0) -> None:
        self.status = status
        self.problem = problem
        self.retry_after = retry_after
        said = problem.get("detail") or problem.get("title") or "no explanation"
        wrong = "; ".join(f"{error['pointer']}: {error['message']}" for error in problem.get("errors", []))
        super().__init__(f"{what} was refused with {status}: {said}{f' ({wrong})' if wrong else ''}")


@dataclass(frozen=True, slots=True)
class Answered:
    """A success."""

    body: Any
    headers: Mapping[str, str]

    @property
    def etag(self) -> str:
        """For If-Match."""
        return self.headers["ETag"]


class Gateway:
    """One connection pool for all people that the command line plays; use it with `async with`.

    `patience`: for how many seconds a request that is safe to repeat comes back after a 503 or 504.
    """

    def __init__(self, url: str, *, patience: float = 0.0) -> None:
        self.url = url.rstrip("/")
        self._patience = patience
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=_DEADLINE)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def call(
        self, method: str, path: str, *, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answered:
        """One request; raises Refused for any answer but 2xx, StackError when nobody answers."""
        repeatable = method == "GET" or IDEMPOTENCY_KEY in (headers or {})
        give_up_at = time.monotonic() + self._patience * repeatable
        while True:
            try:
                return await self._once(method, path, body, headers)
            except Refused as refused:
                if refused.status not in _BUSY or time.monotonic() + refused.retry_after > give_up_at:
                    raise
                await asyncio.sleep(refused.retry_after)

    async def _once(self, method: str, path: str, body: Any, headers: Mapping[str, str] | None) -> Answered:
        if self._session is None:
            raise RuntimeError("enter the gateway first")
        try:
            async with self._session.request(method, self.url + path, json=body, headers=headers) as response:
                content = await response.json(content_type=None) if await response.read() else None
                if not response.ok:
                    raise Refused(
                        f"{method} {path}",
                        response.status,
                        content if isinstance(content, dict) else {},
                        retry_after=_seconds(response.headers.get("Retry-After")),
                    )
                return Answered(content, response.headers.copy())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise StackError(
                f"{self.url} did not answer {method} {path} ({type(error).__name__}); is the stack up? "
                "See ./carpass status."
            ) from error

    async def sign_in(self, user: TelegramUser, bot_token: str) -> Person:
        """Sign in as this Telegram user; the first time registers him."""
        init_data = signed_init_data(user, bot_token)
        answer = await self.call("POST", "/v1/auth/telegram", body={"init_data": init_data})
        return Person(self, user, answer.body["access_token"])


@dataclass(slots=True)
class Person:
    """Somebody who is signed in."""

    gateway: Gateway
    telegram: TelegramUser
    access_token: str
    user_id: str = ""

    async def get(self, path: str) -> Answered:
        """Read."""
        return await self.gateway.call("GET", path, headers=self._headers())

    async def post(self, path: str, body: Any = None, *, etag: str | None = None, key: str | None = None) -> Answered:
        """Act, with a key of its own unless one is given."""
        headers = self._headers() | {IDEMPOTENCY_KEY: key or str(uuid4())}
        if etag is not None:
            headers["If-Match"] = etag
        return await self.gateway.call("POST", path, body=body, headers=headers)

    async def whoami(self) -> str:
        """The user id, asked once."""
        if not self.user_id:
            self.user_id = (await self.get("/v1/me")).body["user_id"]
        return self.user_id

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}


def _seconds(retry_after: str | None) -> float:
    """Of a Retry-After header; a second when it names no number of them (RFC 9110 allows a date)."""
    return float(retry_after) if retry_after and retry_after.isdecimal() else 1.0
