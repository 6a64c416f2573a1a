"""Which headers pass the gateway, in each direction."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from chassis.problems import BadRequest

type RawHeaders = list[tuple[bytes, bytes]]
type Fields = Mapping[bytes, bytes]

# Requests: a list of what passes, so that no header by which somebody might name himself, his address or another
# path (X-User-Id, X-Forwarded-*, Forwarded, X-Original-URL, …) needs to be foreseen. Connection-bound ones are not
# in it either. X-Request-ID and traceparent are set anew from what was accepted of the client's.
_PASSED_TO_SERVICES: Final = frozenset(
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
BODILESS_STATUSES: Final = frozenset({204, 304})
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
DEFAULTS: Final[RawHeaders] = [NOT_STORED, DATA_POLICY]  # where the service says nothing else

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._~:/+=@-]{1,128}")


def fields_of(headers: RawHeaders) -> Fields:
    """A request's headers by name, which is in lower case; of repeated ones the first."""
    return dict(reversed(headers))


def to_service(headers: Iterable[tuple[bytes, bytes]], request_id: bytes, traceparent: bytes | None) -> RawHeaders:
    """The headers of the request to a service.

    Raises BadRequest when one that must be single comes twice, or is not UTF-8.
    """
    passed: RawHeaders = []
    seen: set[bytes] = set()
    for field in headers:
        name, value = field
        if name not in _PASSED_TO_SERVICES:
            continue
        if name in _ONCE:
            if name in seen:
                raise BadRequest(f"The header {name.decode()} is there twice.", slug="repeated-header")
            seen.add(name)
        if not (value.isascii() or _is_utf8(value)):
            raise BadRequest(f"The header {name.decode()} is not UTF-8.", slug="bad-header")
        passed.append(field)
    passed.append((b"x-request-id", request_id))
    if traceparent is not None:
        passed.append((b"traceparent", traceparent))
    return passed


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def to_client(status: int, headers: Iterable[tuple[bytes, bytes]]) -> RawHeaders:
    """The headers of the answer to the client; names are in lower case, as they came."""
    passed: RawHeaders = []
    # The length in an answer without a body is that of a body that does not come.
    dropped: set[bytes] = {b"content-length"} if status in BODILESS_STATUSES else set()
    for field in headers:
        name = field[0]
        if name in _KEPT_FROM_CLIENTS:
            if name == b"connection" and field[1] != b"keep-alive":
                dropped.update(token.strip().lower() for token in field[1].split(b","))
        elif not name.startswith(_CORS_PREFIX):
            passed.append(field)
    return [field for field in passed if field[0] not in dropped] if dropped else passed


def request_id(fields: Fields, trace_id: str) -> bytes:
    """The client's X-Request-ID when it is a harmless one, else the trace's id."""
    sent = fields.get(b"x-request-id")
    return trace_id.encode("ascii") if sent is None or _REQUEST_ID.fullmatch(sent) is None else sent
