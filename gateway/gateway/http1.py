"""HTTP/1.1 towards a service: bytes in, bytes out, one request at a time on a connection.

A general HTTP client costs more per request than all the rest of the gateway together (about 150 us against 80).
This one knows what a gateway needs and nothing else; the grammar is llhttp's, strict.
"""

from __future__ import annotations

import asyncio
from typing import Final, cast

import httptools

from gateway.headers import RawHeaders

HIGH_WATER: Final = 256 << 10
_MAX_HEAD: Final = 64 << 10
_INFORMATIONAL: Final = range(100, 200)


class BrokenOff(Exception):  # noqa: N818 - reads as what happened
    """The connection ended before the answer did, or what came is no HTTP."""


class Answer:
    """A service's answer as it arrives."""

    __slots__ = (
        "_bodiless",
        "_chunks",
        "_connection",
        "_error",
        "_head_size",
        "_headed",
        "_parser",
        "_size",
        "_until_close",
        "_waiter",
        "complete",
        "headers",
        "reusable",
        "status",
    )

    def __init__(self, connection: Connection, *, bodiless: bool) -> None:
        """`bodiless`: the answer to a HEAD, whose Content-Length announces nothing."""
        self.status = 0
        self.headers: RawHeaders = []  # names in lower case
        self.complete = False
        self.reusable = False
        self._connection = connection
        self._bodiless = bodiless
        self._parser = httptools.HttpResponseParser(self)
        self._chunks: list[bytes] = []
        self._size = 0
        self._head_size = 0
        self._headed = False
        self._until_close = True
        self._error: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None

    async def head(self) -> None:
        """Waits for status and headers; raises BrokenOff, or TimeoutError at the deadline."""
        while not self._headed:
            await self._more()

    async def read(self) -> bytes:
        """The next piece of the body, empty at its end; raises BrokenOff, or TimeoutError at the deadline."""
        while not self._chunks:
            if self.complete:
                return b""
            await self._more()
        piece = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        if self._size >= HIGH_WATER:
            self._connection.resume()
        self._size = 0
        return piece

    @property
    def drained(self) -> bool:
        """True when nothing more will come."""
        return self.complete and not self._chunks

    async def _more(self) -> None:
        if self._error is not None:
            raise self._error
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter

    def feed(self, data: bytes) -> None:
        """Bytes from the service; raises HttpParserError for what is no HTTP."""
        self._parser.feed_data(data)
        self._wake()

    def end(self) -> None:
        """The service closed the connection: for an answer without a length that is its end."""
        if self._headed and self._until_close and self._error is None:
            self.complete = True
            self._wake()
        else:
            self.fail(BrokenOff("closed in the middle of an answer"))

    def fail(self, error: BaseException) -> None:
        """No more is to be had."""
        if not self.complete and self._error is None:
            self._error = error
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        self._waiter = None

    # llhttp's callbacks

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer, which nobody asked for."""
        self._head_size += len(name) + len(value)
        if self._head_size > _MAX_HEAD:
            raise BrokenOff("headers too large")
        if not self._headed:
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """The head is there; an informational one announces another."""
        self.status = self._parser.get_status_code()
        if self.status in _INFORMATIONAL:
            self.headers.clear()
            return
        self._headed = True
        self._until_close = not any(name in {b"content-length", b"transfer-encoding"} for name, _ in self.headers)
        if self._bodiless:
            self._complete()

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if self.complete:
            raise BrokenOff("a body where none may be")
        self._chunks.append(data)
        before, self._size = self._size, self._size + len(data)
        if before < HIGH_WATER <= self._size:
            self._connection.pause()

    def on_message_begin(self) -> None:
        """A second answer to one request is how a smuggled request would show."""
        if self.complete:
            raise BrokenOff("an answer that nobody asked for")

    def on_message_complete(self) -> None:
        """The last byte."""
        if self._headed:
            self._complete()

    def _complete(self) -> None:
        if not self.complete:
            self.complete = True
            self.reusable = self._parser.should_keep_alive()


class Connection(asyncio.Protocol):
    """A connection to a service."""

    def __init__(self) -> None:
        """Made by the event loop."""
        self.closed = False
        self.idle_since = 0.0
        self._answer: Answer | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    async def send(self, request: bytes, *, bodiless: bool, deadline: float) -> Answer:
        """The answer, as soon as its head is there; raises BrokenOff, or TimeoutError at `deadline` (loop's time)."""
        answer = self._answer = Answer(self, bodiless=bodiless)
        self.set_deadline(deadline)
        self._transport.write(request)
        try:
            await answer.head()
        except BaseException:
            self.close()
            raise
        return answer

    def set_deadline(self, deadline: float | None) -> None:
        """Until when the whole answer must be there; None: for ever."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if deadline is not None:
            self._deadline = self._loop.call_at(deadline, self._expire)

    def release(self) -> bool:
        """Ends the exchange; whether the connection is good for another one."""
        answer, self._answer = self._answer, None
        self.set_deadline(None)
        good = answer is not None and answer.drained and answer.reusable and not self.closed
        if not good:
            self.close()
        return good

    def close(self) -> None:
        """Ends the connection at once."""
        self.set_deadline(None)
        self.closed = True
        self._transport.abort()

    def pause(self) -> None:
        """Too much is waiting to be read."""
        if not self.closed:
            self._transport.pause_reading()

    def resume(self) -> None:
        """It was read."""
        if not self.closed:
            self._transport.resume_reading()

    def _expire(self) -> None:
        self._deadline = None
        if self._answer is not None:
            self._answer.fail(TimeoutError())
        self.close()

    # asyncio's callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Open."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Hands on what belongs to an answer; anything else ends the connection."""
        answer = self._answer
        if answer is None:
            self.close()
            return
        try:
            answer.feed(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            answer.reusable = False
            answer.fail(BrokenOff(type(error).__name__))
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Closed by either side."""
        self.closed = True
        if self._answer is not None:
            if exc is None:
                self._answer.end()
            else:
                self._answer.fail(BrokenOff(type(exc).__name__))
