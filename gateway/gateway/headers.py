"""Which headers pass the gateway, in each direction."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from chassis.problems import BadRequest

type RawHeaders = list[tuple[bytes, bytes]]

# Requests: a list of what passes, so that no header by which somebody might name himself, his address or another
# path (X-User-Id, X-Forwarded-*, Forwarded, X-Original-URL, …) needs to be foreseen. Connection-bound ones are not
# in it either. X-Request-ID and traceparent are set anew from what was accepted of the client's.
PASSED_TO_SERVICES: Final = frozenset(
    {
        b"accept",
        b"accept-encoding",
        b"accept-language",
        b"authorization",
        b"content-encoding",
        b"content-type",
        b"idempotency-key",
        b"if-match",
        b"if-modified-since",
        b"if-none-match",
        b"last-event-id",
        b"range",
        b"user-agent",
        b"x-telegram-bot-api-secret-token",
    }
)

# Two of these would let the gateway and a service each believe another one.
_ONCE: Final = frozenset(
    {b"authorization", b"content-type", b"idempotency-key", b"if-match", b"x-telegram-bot-api-secret-token"}
)

# Answers: everything passes but what belongs to the connection and what the gateway says itself.
_KEPT_FROM_CLIENTS: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"date",
        b"server",
        b"via",
        b"x-powered-by",
        b"x-request-id",
        b"x-trace-id",
        b"strict-transport-security",
    }
)
_BODILESS: Final = frozenset({204, 304})
_CORS_PREFIX: Final = b"access-control-"

SECURITY: Final[RawHeaders] = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
]
# For answers that are data. A page of the gateway's own brings a policy that fits it.
DATA_POLICY: Final = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
NOT_STORED: Final = (b"cache-control", b"no-store")

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._~:/+=@-]{1,128}")


def to_service(headers: Iterable[tuple[bytes, bytes]], request_id: bytes, traceparent: str | None) -> RawHeaders:
    """The headers of the request to a service.

    Raises BadRequest when one that must be single comes twice, or cannot be sent on as it is: not UTF-8.
    """
    passed: RawHeaders = []
    seen: set[bytes] = set()
    for name, value in headers:
        if name not in PASSED_TO_SERVICES:
            continue
        if name in _ONCE:
            if name in seen:
                raise BadRequest(f"The header {name.decode()} is there twice.", slug="repeated-header")
            seen.add(name)
        if not _is_text(value):
            raise BadRequest(f"The header {name.decode()} is not UTF-8.", slug="bad-header")
        passed.append((name, value))
    passed.append((b"x-request-id", request_id))
    if traceparent is not None:
        passed.append((b"traceparent", traceparent.encode("ascii")))
    return passed


def to_client(status: int, headers: Iterable[tuple[bytes, bytes]]) -> RawHeaders:
    """The headers of the answer to the client, names in lower case."""
    # The length in an answer without a body is that of a body that does not come.
    dropped: set[bytes] = {b"content-length"} if status in _BODILESS else set()
    lowered = [(name.lower(), value) for name, value in headers]
    for name, value in lowered:
        if name == b"connection":
            dropped.update(token.strip().lower() for token in value.split(b","))
    return [
        (name, value)
        for name, value in lowered
        if name not in _KEPT_FROM_CLIENTS and name not in dropped and not name.startswith(_CORS_PREFIX)
    ]


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def first(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> str | None:
    """The first value of a header whose name is given in lower case."""
    for name, value in headers:
        if name == wanted:
            return value.decode("latin-1")
    return None


def request_id(headers: Iterable[tuple[bytes, bytes]], trace_id: str) -> bytes:
    """The client's X-Request-ID when it is a harmless one, else the trace's id."""
    for name, value in headers:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return value
    return trace_id.encode("ascii")
