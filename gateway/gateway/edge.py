"""The outermost layer: a request's span, its metric, and an answer whatever happens."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import INVALID_SPAN, set_span_in_context
from starlette.types import ASGIApp, Receive, Scope, Send

from chassis.health import Health
from chassis.http.errors import problem_response
from chassis.http.metrics import REQUEST_SECONDS
from chassis.problems import Problem
from chassis.telemetry import request_trace
from chassis.traces import remote_parent
from gateway.cors import Cors
from gateway.exchange import LOCAL, Exchange
from gateway.headers import Fields, RawHeaders, fields_of

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SERVER_ERROR: Final = 500

type Handler = Callable[[Exchange], Awaitable[None]]

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway.edge")


class Edge:
    """Serves HTTP. Services log what they were asked, with its trace id; only what ended here is logged here."""

    def __init__(self, handle: Handler, *, cors: Cors, health: Health) -> None:
        self._handle = handle
        self._cors = cors
        self._health = health
        self._observe: dict[tuple[str, str, int], Callable[[float], None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, from its span's start to its end."""
        headers: RawHeaders = scope["headers"]
        path = scope["raw_path"].decode("latin-1")
        exchange = self.begin(scope["method"], path, scope["query_string"], headers, fields_of(headers))
        exchange.bind(scope, receive, send)
        await self._serve(exchange, self._handle)

    def begin(self, method: str, path: str, query: bytes, headers: RawHeaders, fields: Fields) -> Exchange:
        """A request is there; `end` follows, or what `resumed` makes is run. `fields`: the headers by name."""
        traceparent = fields.get(b"traceparent", b"").decode("latin-1")
        return Exchange(
            method,
            path,
            query,
            headers,
            fields=fields,
            trace=request_trace(traceparent, _named(method)),
            cors=self._cors,
            last=self._health.is_stopping,
        )

    def end(self, exchange: Exchange) -> float:
        """It was answered: its span and its metric; the seconds that it took."""
        seconds = time.perf_counter() - exchange.began_at
        method = _named(exchange.method)
        self._metric(method, exchange.route, exchange.status)(seconds)
        span = exchange.span
        if span is not None:
            span.update_name(f"{method} {exchange.route}")
            span.set_attribute("http.response.status_code", exchange.status)
            span.set_attribute("http.route", exchange.route)
            span.end()
        return seconds

    def resumed(self, exchange: Exchange, handle: Handler) -> ASGIApp:
        """An application that goes on with an exchange that was begun."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            exchange.bind(scope, receive, send)
            await self._serve(exchange, handle)

        return app

    async def _serve(self, exchange: Exchange, handle: Handler) -> None:
        span = exchange.span or remote_parent(exchange.traceparent) or INVALID_SPAN
        in_span = attach(set_span_in_context(span, Context()))
        try:
            problem = await self._answer(exchange, handle)
            seconds = self.end(exchange)
            if problem is not None and exchange.route != LOCAL:
                self._log(exchange, problem, seconds)
        finally:
            detach(in_span)
            if span.is_recording():
                span.end()

    async def _answer(self, exchange: Exchange, handle: Handler) -> Problem | None:
        try:
            await handle(exchange)
        except Problem as problem:
            if exchange.started:
                raise
            await self._tell(exchange, problem)
            return problem
        except Exception:
            log.exception("request failed", route=exchange.route)
            if exchange.started:
                raise  # half an answer is out: only breaking the connection tells the client
            await self._tell(exchange, Problem())
        return None

    async def _tell(self, exchange: Exchange, problem: Problem) -> None:
        await problem_response(problem)(exchange.scope, exchange.receive, exchange.send)

    def _metric(self, method: str, route: str, status: int) -> Callable[[float], None]:
        key = (method, route, status)
        observe = self._observe.get(key)
        if observe is None:
            child: Any = REQUEST_SECONDS.labels("gateway", method, route, status)
            observe = self._observe[key] = child.observe
        return observe

    def _log(self, exchange: Exchange, problem: Problem, seconds: float) -> None:
        tell = log.warning if problem.status >= _SERVER_ERROR else log.info
        tell(
            "refused",
            method=_named(exchange.method),
            route=exchange.route,
            status=problem.status,
            problem=problem.slug,
            duration_ms=round(seconds * 1000, 2),
        )


def _named(method: str) -> str:
    return method if method in _METHODS else "OTHER"  # so that nobody makes up metrics
