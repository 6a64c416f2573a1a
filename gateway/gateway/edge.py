"""The outermost layer: a request's span, its metric, and an answer whatever happens."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from starlette.types import Receive, Scope, Send

from chassis.health import Health
from chassis.http.errors import problem_response
from chassis.http.metrics import REQUEST_SECONDS
from chassis.problems import Problem
from chassis.telemetry import server_span
from chassis.traces import traceparent_of
from gateway.cors import Cors
from gateway.exchange import LOCAL, Exchange
from gateway.headers import fields_of

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SERVER_ERROR = 500

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway.edge")


class Edge:
    """Serves HTTP. Services log what they were asked, with its trace id; only what ended here is logged here."""

    def __init__(self, handle: Callable[[Exchange], Awaitable[None]], *, cors: Cors, health: Health) -> None:
        self._handle = handle
        self._cors = cors
        self._health = health
        self._observe: dict[tuple[str, str, int], Callable[[float], None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, from its span's start to its end."""
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        started = time.perf_counter()
        fields = fields_of(scope["headers"])
        span = server_span(fields.get(b"traceparent", b"").decode("latin-1"), method)
        in_span = attach(trace.set_span_in_context(span, Context()))
        try:
            exchange = Exchange(
                scope,
                receive,
                send,
                fields=fields,
                traceparent=traceparent_of(span),
                cors=self._cors,
                last=self._health.is_stopping,
            )
            problem = await self._answer(exchange)
            seconds = time.perf_counter() - started
            self._metric(method, exchange.route, exchange.status)(seconds)
            if span.is_recording():
                span.update_name(f"{method} {exchange.route}")
                span.set_attribute("http.response.status_code", exchange.status)
                span.set_attribute("http.route", exchange.route)
            if problem is not None and exchange.route != LOCAL:
                self._log(method, exchange, problem, seconds)
        finally:
            detach(in_span)
            span.end()

    async def _answer(self, exchange: Exchange) -> Problem | None:
        try:
            await self._handle(exchange)
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
        if key not in self._observe:
            child: Any = REQUEST_SECONDS.labels("gateway", method, route, status)
            self._observe[key] = child.observe
        return self._observe[key]

    def _log(self, method: str, exchange: Exchange, problem: Problem, seconds: float) -> None:
        tell = log.warning if problem.status >= _SERVER_ERROR else log.info
        tell(
            "refused",
            method=method,
            route=exchange.route,
            status=problem.status,
            problem=problem.slug,
            duration_ms=round(seconds * 1000, 2),
        )
