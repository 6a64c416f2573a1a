"""The public API as the bot uses it: for one user, with a token of his that lives for minutes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from typing import Any, Final, Self
from uuid import UUID

import jwt
import structlog
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout

from chassis.problems import TYPE_PREFIX
from chassis.telemetry import current_traceparent

_IN_FLIGHT: Final = TYPE_PREFIX + "idempotency-key-in-flight"
_DECIDED: Final = frozenset(
    TYPE_PREFIX + slug for slug in ("job-decided", "stale-estimate", "order-state", "order-closed", "link-state")
)
_STALE_TRIES: Final = 3

log: structlog.stdlib.BoundLogger = structlog.get_logger("notifier.gateway")


class GatewayAway(Exception):  # noqa: N818 - reads as what happened
    """The gateway gave no answer that means anything: the same call may succeed later."""


class NoAccount(Exception):  # noqa: N818 - reads as what is so
    """Nobody signs in to CarPass with this Telegram account."""


class Done(Enum):
    """What became of an act."""

    DONE = auto()
    TOO_LATE = auto()  # decided, withdrawn or gone
    NOT_NOW = auto()  # open, but something else stands against it
    NOT_ALLOWED = auto()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user for whom the bot may act for the next minutes."""

    user_id: UUID
    token: str

    def __repr__(self) -> str:
        return f"SignedIn({self.user_id})"


class Gateway:
    """A pooled client; `timeout` is in seconds, for each call. Use it as a context manager."""

    def __init__(self, base_url: str, credential: str, *, timeout: float) -> None:
        self._base_url = base_url.rstrip("/")
        self._credential = credential
        self._timeout = ClientTimeout(total=timeout)
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = ClientSession(timeout=self._timeout)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def sign_in(self, telegram_id: int) -> SignedIn:
        """As whoever signs in with this Telegram account; raises NoAccount or GatewayAway."""
        answer = await self._call(
            "POST", "/v1/auth/bot", token=self._credential, json={"telegram_id": telegram_id}, headers={}
        )
        if answer.status == HTTPStatus.NOT_FOUND:
            raise NoAccount
        if answer.status != HTTPStatus.OK:
            # With a wrong credential nobody can be signed in: the operators' matter, and no refusal of this person.
            log.error("the bot cannot sign in", status=answer.status)
            raise GatewayAway
        token = str(answer.body["access_token"])
        # Straight from the issuer, over our own connection: there is nobody whose signature would have to be checked.
        claims = jwt.decode(token, options={"verify_signature": False})
        return SignedIn(UUID(claims["sub"]), token)

    async def decide_estimate(self, user: SignedIn, work_order_id: UUID, body: dict[str, Any], *, key: UUID) -> Done:
        """Answers for jobs of an estimate; raises GatewayAway. The order may move on between our look and our act."""
        path = f"/v1/work-orders/{work_order_id}"
        for _ in range(_STALE_TRIES):
            seen = await self._call("GET", path, token=user.token)
            if seen.status != HTTPStatus.OK or seen.etag is None:
                return _done(seen)
            headers = {"Idempotency-Key": str(key), "If-Match": seen.etag}
            acted = await self._call("POST", f"{path}/approval", token=user.token, json=body, headers=headers)
            if acted.status != HTTPStatus.PRECONDITION_FAILED:
                return _done(acted)
        raise GatewayAway

    async def decide_link(self, user: SignedIn, link_id: UUID, *, approve: bool, key: UUID) -> Done:
        """Grants what a center asks for, or refuses it; raises GatewayAway."""
        path = f"/v1/car-links/{link_id}/{'approval' if approve else 'decline'}"
        headers = {"Idempotency-Key": str(key)}
        return _done(await self._call("POST", path, token=user.token, json={} if approve else None, headers=headers))

    async def _call(
        self,
        method: str,
        path: str,
        *,
        token: str,
        json: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> _Answer:
        if self._session is None:
            raise RuntimeError("the gateway client is closed")
        sent = {"Authorization": f"Bearer {token}", **(headers or {})}
        traceparent = current_traceparent()
        if traceparent is not None:
            sent["traceparent"] = traceparent
        try:
            async with self._session.request(method, self._base_url + path, json=json, headers=sent) as response:
                return await _Answer.read(response)
        except (ClientError, TimeoutError, OSError, ValueError) as error:
            log.warning("the gateway does not answer", error=type(error).__name__)
            raise GatewayAway from error


@dataclass(frozen=True, slots=True, repr=False)
class _Answer:
    status: int
    etag: str | None
    body: dict[str, Any]

    @classmethod
    async def read(cls, response: ClientResponse) -> _Answer:
        """Raises GatewayAway for what says nothing about the request."""
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR or response.status in _LATER:
            log.warning("the gateway cannot answer now", status=response.status)
            raise GatewayAway
        body = await response.json(content_type=None) if response.content_length != 0 else {}
        return cls(response.status, response.headers.get("ETag"), body if isinstance(body, dict) else {})


_LATER: Final = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.UNAUTHORIZED}


def _done(answer: _Answer) -> Done:
    if answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return Done.DONE
    if answer.status == HTTPStatus.FORBIDDEN:
        return Done.NOT_ALLOWED
    if answer.body.get("type") == _IN_FLIGHT:
        raise GatewayAway
    if answer.status == HTTPStatus.CONFLICT and answer.body.get("type") not in _DECIDED:
        return Done.NOT_NOW
    if answer.status in _TOO_LATE:
        return Done.TOO_LATE
    log.error("the gateway refused what the bot asked", status=answer.status)
    raise GatewayAway


_TOO_LATE: Final = {
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.GONE,
    HTTPStatus.PRECONDITION_FAILED,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}
