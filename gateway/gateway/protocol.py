"""uvicorn's HTTP protocol with what an edge needs besides: headers bounded in size and time, problems for errors."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Protocol

import httptools
from starlette.types import ASGIApp, Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from chassis.http.errors import PROBLEM_JSON, problem_response
from chassis.problems import BadRequest, Problem
from gateway.headers import SECURITY, RawHeaders
from gateway.problems import RequestTimeout
from gateway.transport import HeadWithBody

_TOO_LARGE = Problem(
    "The request's headers are too large.",
    status=431,
    slug="headers-too-large",
    title="Request header fields too large",
)


class ShortWay(Protocol):
    """Where a request that came whole is offered first."""

    def take(self, client: EdgeProtocol, method: str, body: bytes) -> bool:
        """Whether it goes that way; if not, nothing has happened."""


class EdgeProtocol(HttpToolsProtocol):
    """A connection from outside. Limits are class attributes: uvicorn makes the objects."""

    transport: HeadWithBody
    short_way: ClassVar[ShortWay | None] = None
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
        self._whole: list[bytes] | None = None  # the body of a request whose end is expected in the same piece of data
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
        if self._whole is not None:
            self._take_the_general_way()
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
        if self._may_be_short():
            self._whole = []
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if self._whole is None:
            super().on_body(body)
        else:
            self._whole.append(body)

    def on_message_complete(self) -> None:
        """What comes now is another request's."""
        self._head_bytes = 0
        if self._whole is not None:
            assert self.short_way is not None  # noqa: S101 - for the type checker
            method = self.parser.get_method().decode("ascii")
            if self.short_way.take(self, method, b"".join(self._whole)):
                self._whole = None
                return
            self._take_the_general_way()
        super().on_message_complete()

    def resume(self, before: object, scope: Scope, app: ASGIApp) -> None:
        """Goes on in an application with a request that was taken the short way, as `before`."""
        current: Any = before
        cycle = RequestResponseCycle(
            scope=scope,  # type: ignore[arg-type] # starlette's name for the same dictionary
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=current.keep_alive,
            on_response=self.on_response_complete,
        )
        cycle.more_body = False
        cycle.disconnected = current.disconnected
        if self.cycle is current:
            self.cycle = cycle
        self._start_asgi_task(cycle, app)  # type: ignore[arg-type] # as above

    def _may_be_short(self) -> bool:
        return (
            self.short_way is not None
            and (self.cycle is None or self.cycle.response_complete)
            and not self.expect_100_continue
            and not self.flow.write_paused
            and not self.parser.should_upgrade()
            and self.parser.should_keep_alive()
            and self.parser.get_http_version() == "1.1"
        )

    def _take_the_general_way(self) -> None:
        body, self._whole = self._whole, None
        super().on_headers_complete()
        for piece in body or ():
            super().on_body(piece)

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
        if self._whole is not None:
            self._take_the_general_way()
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


def edge_protocol(
    short_way: ShortWay, *, header_timeout: float, write_timeout: float, max_header_bytes: int
) -> type[EdgeProtocol]:
    """The protocol with these limits; both times are in seconds."""
    limits: dict[str, Any] = {
        "short_way": short_way,
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
