"""uvicorn's HTTP protocol with what an edge needs besides: headers bounded in size and time, problems for errors."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from chassis.http.errors import PROBLEM_JSON, problem_response
from chassis.problems import BadRequest, Problem
from gateway.headers import SECURITY
from gateway.problems import RequestTimeout

_TOO_LARGE = Problem(
    "The request's headers are too large.",
    status=431,
    slug="headers-too-large",
    title="Request header fields too large",
)


class EdgeProtocol(HttpToolsProtocol):
    """A connection from outside. Limits are class attributes: uvicorn makes the objects."""

    header_timeout: ClassVar[float] = 10.0
    max_header_bytes: ClassVar[int] = 32_768

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """A new connection has the same time for its first request's headers as any other request."""
        super().connection_made(transport)
        self._head_bytes = 0
        self._in_head = True
        self._oversized = False
        self._head_timer: asyncio.TimerHandle | None = None
        self._start_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._stop_head_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Counts the headers' bytes before they grow without end."""
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > self.max_header_bytes:
                self._refuse(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """The first byte of a request's head."""
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = 0
        self._start_head_timer()

    def on_headers_complete(self) -> None:
        """The head is there."""
        if sum(len(name) + len(value) for name, value in self.headers) > self.max_header_bytes:
            self._oversized = True
            raise httptools.HttpParserError("headers too large")
        self._in_head = False
        self._stop_head_timer()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """What cannot be parsed, or could be read in two ways, is refused and the connection closed."""
        del msg
        self._refuse(_TOO_LARGE if self._oversized else BadRequest("The request is not valid HTTP."))

    def _start_head_timer(self) -> None:
        self._stop_head_timer()
        self._head_timer = self.loop.call_later(self.header_timeout, self._head_is_late)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        if self._head_bytes == 0:
            self.transport.close()  # opened and never used: there is no request to answer
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


def edge_protocol(*, header_timeout: float, max_header_bytes: int) -> type[EdgeProtocol]:
    """The protocol with these limits; `header_timeout` is in seconds."""
    limits: dict[str, Any] = {"header_timeout": header_timeout, "max_header_bytes": max_header_bytes}
    return type("LimitedEdgeProtocol", (EdgeProtocol,), limits)


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
