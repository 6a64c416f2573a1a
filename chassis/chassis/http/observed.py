"""Around everything: the request's span, its access log line, its metric, and the answer when all else failed."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any, Final

import structlog
from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span, set_span_in_context
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.health import Health
from chassis.http.errors import problem_response
from chassis.http.metrics import REQUEST_SECONDS
from chassis.problems import Problem
from chassis.telemetry import server_span

_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}", re.ASCII)
_QUIET = frozenset({"/livez", "/readyz", "/metrics"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNROUTED = "(none)"
_OURS: Final = frozenset({b"x-trace-id", b"x-request-id"})
SLOW_SECONDS: Final = 1.0  # from here on a good answer is worth a line
_FIRST_ERROR: Final = 400
CLIENT_GONE = 499  # as nginx logs it: nobody was there to be answered

log: structlog.stdlib.BoundLogger = structlog.get_logger("chassis.http")


class Observed:
    """The outermost middleware. Never logs a query, a body, a header or a raw path.

    A request that was answered well and fast, and is in no sampled trace, is logged at DEBUG only; the metrics count
    it.
    """

    def __init__(self, app: ASGIApp, *, service: str, health: Health) -> None:
        self._app = app
        self._service = service
        self._health = health
        self._observe: dict[tuple[str, str, int], Callable[[float], None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves the request inside its span."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        span = server_span(_first(scope, b"traceparent"), method)
        in_span = attach(set_span_in_context(span, Context()))
        try:
            exchange = _Exchange(span, _first(scope, b"x-request-id"), send, last=self._health.is_stopping)
            started = time.perf_counter()
            await self._answer(scope, receive, exchange)
            self._tell(span, method, _route(scope), exchange.status, time.perf_counter() - started)
        finally:
            detach(in_span)
            span.end()

    def _tell(self, span: Span, method: str, route: str, status: int, seconds: float) -> None:
        sampled = span.is_recording()
        if sampled:
            span.update_name(f"{method} {route}")
            span.set_attribute("http.response.status_code", status)
            span.set_attribute("http.route", route)
        if route in _QUIET:
            return
        key = (method, route, status)
        if key not in self._observe:
            child: Any = REQUEST_SECONDS.labels(self._service, method, route, status)
            self._observe[key] = child.observe
        self._observe[key](seconds)
        tell = log.info if sampled or status >= _FIRST_ERROR or seconds >= SLOW_SECONDS else log.debug
        tell("request", method=method, route=route, status=status, duration_ms=round(seconds * 1000, 2))

    async def _answer(self, scope: Scope, receive: Receive, exchange: _Exchange) -> None:
        try:
            await self._app(scope, receive, exchange.send)
        except Problem as problem:
            await problem_response(problem)(scope, receive, exchange.send)
        except Exception:
            log.exception("request failed", route=_route(scope))
            if exchange.started:
                raise  # half an answer is out: only breaking the connection tells the client
            await problem_response(Problem())(scope, receive, exchange.send)


class _Exchange:
    """One answer on its way out."""

    def __init__(self, span: Span, request_id: str | None, send: Send, *, last: bool) -> None:
        self._span = span
        self._request_id = request_id if request_id and _REQUEST_ID.fullmatch(request_id) else None
        self._send = send
        self._last = last
        self.status = CLIENT_GONE
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            headers = [field for field in message["headers"] if field[0] not in _OURS]
            headers.append((b"x-trace-id", b"%032x" % self._span.get_span_context().trace_id))
            if self._last:  # so that a kept-alive connection is not cut under its next request
                headers.append((b"connection", b"close"))
            if self._request_id is not None:
                headers.append((b"x-request-id", self._request_id.encode("ascii")))
            message["headers"] = headers
        await self._send(message)


def _route(scope: Scope) -> str:
    route: Any = scope.get("route")
    return getattr(route, "path_format", UNROUTED)


def _first(scope: Scope, wanted: bytes) -> str | None:
    for name, value in scope["headers"]:
        if name == wanted:
            return bytes(value).decode("latin-1")
    return None
