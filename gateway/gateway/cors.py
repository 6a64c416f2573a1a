"""Cross-origin requests of browsers: only from origins on the allow-list, and never with cookies."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from chassis.problems import Forbidden
from gateway.headers import RawHeaders

_METHODS: Final = b"GET, HEAD, POST, PUT, PATCH, DELETE"
_REQUEST_HEADERS: Final = (
    b"Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, X-Request-ID, traceparent"
)
_ANSWER_HEADERS: Final = b"ETag, Location, Retry-After, X-Request-ID, X-Trace-Id"
_PREFLIGHT_SECONDS: Final = b"600"


class Cors:
    """The allow-list and what it makes of a request's Origin."""

    def __init__(self, origins: Collection[str]) -> None:
        self._origins = frozenset(origin.encode("ascii") for origin in origins)

    def answer_headers(self, origin: bytes | None) -> RawHeaders:
        """What lets a browser of a listed origin read the answer."""
        if not self._origins:
            return []
        vary = (b"vary", b"Origin")
        if origin not in self._origins or origin is None:
            return [vary]
        return [vary, (b"access-control-allow-origin", origin), (b"access-control-expose-headers", _ANSWER_HEADERS)]

    def preflight_headers(self, origin: bytes | None) -> RawHeaders:
        """What a preflight of a listed origin is told; raises Forbidden for any other."""
        if origin not in self._origins:
            raise Forbidden("Pages of this origin may not call the API.", slug="origin-not-allowed")
        return [
            (b"access-control-allow-methods", _METHODS),
            (b"access-control-allow-headers", _REQUEST_HEADERS),
            (b"access-control-max-age", _PREFLIGHT_SECONDS),
        ]
