"""A kept connection to a service: one request at a time goes out, and its answer comes in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol, cast

import httptools

from gateway.headers import RawHeaders
from gateway.transport import EagerWriter

MAX_HEAD_BYTES: Final = 64 << 10
MAX_FIELDS: Final = 128
_BUFFERED_AT_MOST: Final = 256 << 10
_FIRST_FINAL_STATUS: Final = 200
_FINAL_STATUSES: Final = range(_FIRST_FINAL_STATUS, 600)
_SWITCHING_PROTOCOLS: Final = 101


class UpstreamError(Exception):
    """A service did not answer."""


class NotReached(UpstreamError):  # noqa: N818 - reads as what happened
    """No connection came about, so nothing was sent."""


class BrokenOff(UpstreamError):  # noqa: N818 - as above
    """The connection ended after something was sent and before the end of an answer, or what came is no HTTP."""


class Keeper(Protocol):
    """Where a connection goes between requests."""

    def keep(self, connection: UpstreamConnection) -> None:
        """Its answer was read to the end: the next request may use it."""

    def forget(self, connection: UpstreamConnection) -> None:
        """It is gone."""


class Answer:
    """An answer on its way in. `progress`, if set, is told of everything that comes, in place of who awaits it."""

    __slots__ = (
        "_connection",
        "_pieces",
        "_size",
        "_waiter",
        "complete",
        "failed",
        "headers",
        "length",
        "progress",
        "status",
        "there",
        "to_head",
    )

    def __init__(self, connection: UpstreamConnection, *, to_head: bool) -> None:
        """`to_head`: it answers a HEAD request, so no body follows whatever it announces."""
        self.to_head = to_head
        self.status = 0
        self.headers: RawHeaders = []
        self.length: int | None = None
        self.there = False
        self.complete = False
        self.failed = False
        self.progress: Callable[[], None] | None = None
        self._connection = connection
        self._pieces: list[bytes] = []
        self._size = 0
        self._waiter: asyncio.Future[None] | None = None

    async def head(self) -> None:
        """Waits for the final head; raises BrokenOff."""
        while not self.there:
            if self.failed:
                raise BrokenOff
            await self._more()

    async def piece(self) -> bytes:
        """What has come of the body since the last call, waiting for it; empty at the end; raises BrokenOff."""
        while not self._pieces:
            if self.failed:
                raise BrokenOff
            if self.complete:
                return b""
            await self._more()
        return self.take()

    def take(self) -> bytes:
        """What has come of the body since the last call."""
        pieces = self._pieces
        taken = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        if self._size > _BUFFERED_AT_MOST:
            self._connection.resume()
        self._size = 0
        return taken

    def abandon(self) -> None:
        """Nobody reads on: a connection in the middle of an answer is of no further use."""
        if not self.complete:
            self._connection.close()

    def tell(self) -> None:
        """The connection's: more has come, or it failed."""
        if self.progress is not None:
            self.progress()
        elif self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _more(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def add(self, piece: bytes) -> None:
        """The connection's: a piece of the body has come."""
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > _BUFFERED_AT_MOST:
            self._connection.pause()


class UpstreamConnection(asyncio.Protocol):
    """HTTP/1.1 as a client, parsed by llhttp. Bytes that nobody asked for end it."""

    def __init__(self, keeper: Keeper) -> None:
        self.idle_since = 0.0
        self._keeper = keeper
        self._transport: asyncio.Transport
        self._parser = httptools.HttpResponseParser(self)
        self._answer: Answer | None = None
        self._head_bytes = 0
        self._field_bytes = 0
        self._unasked = False
        self._reusable = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = cast("asyncio.Transport", transport)
        self._writer = EagerWriter(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """The service closed it, or we did."""
        self._keeper.forget(self)
        answer, self._answer = self._answer, None
        if answer is not None:
            # Without a length of any kind the end of the connection is the end of the body.
            until_the_end = exc is None and answer.there and not self._unasked and not _framed(answer)
            if until_the_end:
                answer.complete = True
            else:
                answer.failed = True
            answer.tell()

    def send(self, head: bytes, body: bytes, *, to_head: bool = False) -> Answer:
        """Sends a request; its answer will come."""
        self._answer = answer = Answer(self, to_head=to_head)
        self._head_bytes = self._field_bytes = 0
        self._writer.write(head + body)
        return answer

    def close(self) -> None:
        """Ends it; an answer that is not complete has failed."""
        self._keeper.forget(self)
        self._transport.abort()

    def pause(self) -> None:
        """Whoever reads the answer is slower than the service."""
        self._transport.pause_reading()

    def resume(self) -> None:
        """It was read."""
        self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Parses what came, and tells the answer once however much it is."""
        answer = self._answer
        if answer is None:
            self.close()
            return
        if not answer.there:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._unasked = True
        if answer.complete:
            self._done()
        elif self._unasked or (not answer.there and self._head_bytes > MAX_HEAD_BYTES):
            self._fail(answer)
        if answer.there or answer.failed:
            answer.tell()

    def _done(self) -> None:
        self._answer = None
        if self._reusable and not self._unasked and not self._transport.get_write_buffer_size():
            self._keeper.keep(self)
        else:
            self.close()

    def _fail(self, answer: Answer) -> None:
        self._answer = None
        answer.failed = True
        self.close()

    # What the parser calls
    def on_message_begin(self) -> None:
        """An answer begins; a second one to the same request belongs to nobody."""
        if self._answer is None or self._answer.complete:
            self._unasked = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field of a head, or of a trailer, which is dropped."""
        answer = self._answer
        if answer is None or answer.there:
            return
        self._field_bytes += len(name) + len(value)
        if len(answer.headers) == MAX_FIELDS or self._field_bytes > MAX_HEAD_BYTES:
            raise httptools.HttpParserError("too many header fields, or too long ones")
        answer.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """A head is there: the final one, or an interim one to be skipped."""
        answer = self._answer
        if answer is None or answer.complete:
            return
        status = self._parser.get_status_code()
        if status < _FIRST_FINAL_STATUS and status != _SWITCHING_PROTOCOLS:
            answer.headers.clear()
            return
        if status not in _FINAL_STATUSES:
            raise httptools.HttpParserError("no final status")
        answer.status = status
        answer.length = _length(answer.headers)
        answer.there = True
        if answer.to_head:
            # llhttp cannot be told that no body follows, so it starts anew.
            self._reusable = self._parser.should_keep_alive()
            self._parser = httptools.HttpResponseParser(self)
            answer.complete = True

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        answer = self._answer
        if answer is None or answer.complete:
            self._unasked = True
        else:
            answer.add(body)

    def on_message_complete(self) -> None:
        """The end of an answer, or of an interim head."""
        answer = self._answer
        if answer is not None and answer.there and not answer.complete:
            self._reusable = self._parser.should_keep_alive()
            answer.complete = True


def _length(headers: RawHeaders) -> int | None:
    for name, value in headers:
        if name == b"content-length":
            return int(value)
    return None


def _framed(answer: Answer) -> bool:
    return answer.length is not None or any(name == b"transfer-encoding" for name, _ in answer.headers)
