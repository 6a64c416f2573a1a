"""A request's body, read whole before a service hears of it.

So a slow client holds no place at a service, a request can be sent again, and what a service reads was framed by us
alone. The limits keep it small.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Receive

from chassis.problems import Problem, TooLarge, Unavailable
from gateway.headers import Fields
from gateway.problems import RequestTimeout

_DRAINED_AT_MOST = 8 << 20
_DRAIN_SECONDS = 1.0
_CLOSE = {"Connection": "close"}


class ClientGone(Exception):  # noqa: N818 - reads as what happened
    """The client hung up: nobody is left to answer."""


class BodyReader:
    """Reads bodies, and bounds what all requests of this process hold together."""

    def __init__(self, *, timeout: float, max_buffered_bytes: int) -> None:
        """`timeout`: seconds for a whole body."""
        self._timeout = timeout
        self._max_buffered = max_buffered_bytes
        self._buffered = 0

    @contextmanager
    def reserved(self, size: int) -> Iterator[None]:
        """Counts the bytes of one request until it is answered; raises Unavailable when there are too many."""
        if not self.fits(size):
            raise Unavailable("Too much is being sent right now.")
        self.hold(size)
        try:
            yield
        finally:
            self.give_back(size)

    def fits(self, size: int) -> bool:
        """Whether so many bytes more can be held."""
        return self._buffered + size <= self._max_buffered

    def hold(self, size: int) -> None:
        """Counts these bytes until they are given back."""
        self._buffered += size

    def give_back(self, size: int) -> None:
        """They are held no longer."""
        self._buffered -= size

    async def read(self, fields: Fields, receive: Receive, limit: int) -> bytes:
        """The body; raises TooLarge (413), RequestTimeout (408) or ClientGone."""
        announced = _announced(fields)
        if announced == 0:
            return b""
        try:
            async with asyncio.timeout(self._timeout):
                return await _read(receive, limit, announced)
        except TimeoutError:
            raise RequestTimeout(headers=_CLOSE) from None
        except TooLarge:
            if b"expect" not in fields:
                await _drain(receive)
            raise


def size_hint(fields: Fields, limit: int) -> int:
    """How many bytes a request will hold at most."""
    announced = _announced(fields)
    return limit if announced is None else min(announced, limit)


def _announced(fields: Fields) -> int | None:
    """The announced length; 0 without a body, None for a chunked one. The parser has refused all malformed ones."""
    length = fields.get(b"content-length")
    if length is not None:
        return int(length)
    return None if b"transfer-encoding" in fields else 0


async def _read(receive: Receive, limit: int, announced: int | None) -> bytes:
    if announced is not None and announced > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _drain(receive: Receive) -> None:
    """Takes some more in, for most clients read no answer before they have sent everything."""
    drained = 0
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            while drained < _DRAINED_AT_MOST:
                message = await receive()
                drained += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def _too_large(limit: int) -> Problem:
    return TooLarge(f"A body may have at most {limit} bytes here.", headers=_CLOSE)
