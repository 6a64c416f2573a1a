"""uvicorn's HTTP protocol with what an edge needs besides: headers bounded in size and time, problems for errors."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from chassis.http.errors import PROBLEM_JSON, problem_response
from chassis.problems import BadRequest, Problem
from gateway.headers import SECURITY, RawHeaders
from gateway.problems import RequestTimeout

_TOO_LARGE = Problem(
    "The request's headers are too large.",
    status=431,
    slug="headers-too-large",
    title="Request header fields too large",
)


class HeadWithBody(asyncio.Transport):
    """Holds an answer's head back for its body, so that both leave in one system call instead of two."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._held = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """A head waits for the end of this turn of the loop at most."""
        if self._held:
            self._transport.write(self._held + data)
            self._held = b""
        elif data[:7] == b"HTTP/1.":
            self._held = bytes(data)
            self._loop.call_soon(self._flush)
        else:
            self._transport.write(data)

    def _flush(self) -> None:
        if self._held:
            self._transport.write(self._held)
            self._held = b""

    def close(self) -> None:
        """Sends what is held, and closes."""
        self._flush()
        self._transport.close()

    def abort(self) -> None:
        """Closes at once."""
        self._held = b""
        self._transport.abort()

    def is_closing(self) -> bool:
        """Whether it is on its way to be closed."""
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Addresses and the socket."""
        return self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Too much waits to be handled."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """It was handled."""
        self._transport.resume_reading()


class EdgeProtocol(HttpToolsProtocol):
    """A connection from outside. Limits are class attributes: uvicorn makes the objects."""

    header_timeout: ClassVar[float] = 10.0
    write_timeout: ClassVar[float] = 10.0
    max_header_bytes: ClassVar[int] = 32_768

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """A new connection has the same time for its first request's head as any other request."""
        super().connection_made(HeadWithBody(transport, self.loop))
        self._head_bytes = 0
        self._in_head = True
        self._unused = True
        self._oversized = False
        self._write_timer: asyncio.TimerHandle | None = None
        self._head_timer: asyncio.TimerHandle | None = self.loop.call_later(self.header_timeout, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._stop_head_timer()
        self._stop_write_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Counts the head's bytes before they grow without end."""
        self._head_bytes += len(data)
        super().data_received(data)
        if not self._in_head:
            if self._head_timer is not None:
                self._stop_head_timer()
        elif not self.transport.is_closing():
            if self._head_timer is None:
                self._head_timer = self.loop.call_later(self.header_timeout, self._head_is_late)
            if self._head_bytes > self.max_header_bytes:
                self._refuse(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """The first byte of a request's head, in a piece of data whose length is the count's upper bound."""
        super().on_message_begin()
        self._in_head = True
        self._unused = False

    def on_headers_complete(self) -> None:
        """The head is there."""
        if self._head_bytes > self.max_header_bytes and _size(self.headers) > self.max_header_bytes:
            self._oversized = True
            raise httptools.HttpParserError("headers too large")
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """What comes now is another request's."""
        super().on_message_complete()
        self._head_bytes = 0

    def pause_writing(self) -> None:
        """The client leaves its answer untaken: it has so long to go on."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(self.write_timeout, self.transport.abort)

    def resume_writing(self) -> None:
        """It went on."""
        self._stop_write_timer()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """What cannot be parsed, or could be read in two ways, is refused and the connection closed."""
        del msg
        self._refuse(_TOO_LARGE if self._oversized else BadRequest("The request is not valid HTTP."))

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _stop_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        if self._unused:
            self.transport.close()  # there is no request to answer
        else:
            self._refuse(RequestTimeout())

    def _refuse(self, problem: Problem) -> None:
        if self.transport.is_closing():
            return
        if self._may_answer():
            self.transport.write(_rendered(problem))
        if not self._in_head:
            self.cycle.disconnected = True  # the request whose body is broken is over
        self.transport.close()

    def _may_answer(self) -> bool:
        """Whether bytes written now are read as the answer to what is refused, and not to a request before it."""
        if self._in_head:
            return self.cycle is None or self.cycle.response_complete
        return not self.pipeline and not self.cycle.response_started


def edge_protocol(*, header_timeout: float, write_timeout: float, max_header_bytes: int) -> type[EdgeProtocol]:
    """The protocol with these limits; both times are in seconds."""
    limits: dict[str, Any] = {
        "header_timeout": header_timeout,
        "write_timeout": write_timeout,
        "max_header_bytes": max_header_bytes,
    }
    return type("LimitedEdgeProtocol", (EdgeProtocol,), limits)


def _size(headers: RawHeaders) -> int:
    return sum(len(name) + len(value) for name, value in headers)


def _rendered(problem: Problem) -> bytes:
    body = bytes(problem_response(problem).body)
    headers = [
        (b"content-type", PROBLEM_JSON.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        (b"cache-control", b"no-store"),
        *SECURITY,
    ]
    return STATUS_LINE[problem.status] + b"".join(b"%b: %b\r\n" % header for header in headers) + b"\r\n" + body
