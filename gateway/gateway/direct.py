"""The short way: a request that came whole is sent on, and a short answer sent back, without a task or a coroutine.

Most requests are such. Whatever is not (a token that was not seen before, no kept connection, an answer that is long,
late or broken) takes, or goes on with, the general way of `Proxy`: the rules for those are there alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from chassis.health import Health
from chassis.problems import Problem
from gateway import headers as header_rules
from gateway.connection import Answer
from gateway.edge import Edge
from gateway.exchange import Exchange
from gateway.headers import Fields, RawHeaders
from gateway.protocol import EdgeProtocol
from gateway.proxy import Proxy, bearer_token, outgoing
from gateway.routing import PATH, Router
from gateway.upstream import Outgoing, UpstreamService

_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_TARGET: Final = re.compile(PATH.join("()").encode() + rb"(?:\?([\x21\x22\x24-\x7e]+))?")
_LONGEST_TARGET: Final = 2048
_LONGEST_ANSWER: Final = 64 << 10

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway.direct")


class DirectPath:
    """Takes requests from connections, as far as they can go the short way."""

    def __init__(self, proxy: Proxy, router: Router, edge: Edge, health: Health) -> None:
        self.proxy = proxy
        self.edge = edge
        self._router = router
        self._health = health

    def take(self, client: EdgeProtocol, method: str, body: bytes) -> bool:
        """Whether the request goes this way; if not, nothing has happened."""
        target = _TARGET.fullmatch(client.url) if len(client.url) <= _LONGEST_TARGET else None
        if target is None or method not in _METHODS or self._health.is_stopping:
            return False
        path = target[1].decode("ascii")
        route = self._router.find_spelled(path)
        if route is None or method in route.public or len(body) > route.body_limit or (body and method == "GET"):
            return False
        upstream = self.proxy.upstreams[route.upstream]
        fields = header_rules.fields_of(client.headers)
        if not upstream.is_ready() or not self.proxy.bodies.fits(len(body)) or not self._knows(fields):
            return False
        exchange = self.edge.begin(method, path, target[2] or b"", client.headers, fields)
        exchange.route = route.pattern
        try:
            request = outgoing(exchange, body)
        except Problem:
            return False
        answer = upstream.begin(request)
        if answer is None:
            return False
        crossing = Crossing(self, client, exchange, upstream, request, answer, self.proxy.deadline(route, method))
        crossing.begin()
        return True

    def _knows(self, fields: Fields) -> bool:
        token = bearer_token(fields.get(b"authorization"))
        return token is not None and self.proxy.tokens.remembered(token) is not None


class _Nobody:
    """Stands where uvicorn wakes an application that waits for a body: none does."""

    def set(self) -> None:
        """Wakes nobody."""


_NOBODY: Final[Any] = _Nobody()


@dataclass(slots=True, eq=False)
class Crossing:
    """One request on the short way; to uvicorn it is what its connection is busy with."""

    _path: DirectPath
    _client: EdgeProtocol
    _exchange: Exchange
    _upstream: UpstreamService
    _request: Outgoing
    _answer: Answer
    _deadline: float
    disconnected: bool = False
    keep_alive: bool = True
    response_complete: bool = False
    response_started: bool = False
    message_event: Any = _NOBODY
    _scope: Any = None
    _timer: Any = None

    def begin(self) -> None:
        """From now on the answer's progress is ours, until the deadline."""
        client = self._client
        self._scope = client.scope
        client.cycle = self  # type: ignore[assignment] # all that uvicorn asks of one is here
        self._path.proxy.bodies.hold(len(self._request.body))
        self._timer = client.loop.call_at(self._deadline, self._hand_over)
        self._answer.progress = self._progressed

    def _progressed(self) -> None:
        answer = self._answer
        if answer.complete:
            try:
                self._finish()
            except Exception:
                log.exception("an answer could not be sent on", route=self._exchange.route)
                self._client.transport.abort()
        elif answer.failed or answer.length is None or answer.length > _LONGEST_ANSWER:
            self._hand_over()

    def _finish(self) -> None:
        self._timer.cancel()
        self._answer.progress = None
        self._upstream.ended()
        self._path.proxy.bodies.give_back(len(self._request.body))
        answer, client, exchange = self._answer, self._client, self._exchange
        exchange.status = answer.status
        if not self.disconnected:
            client.transport.write_whole(self._rendered(answer.status, answer.headers, answer.take()))
        self._path.edge.end(exchange)
        self.response_complete = True
        if not self.keep_alive:
            client.transport.close()
        client.on_response_complete()

    def _rendered(self, status: int, raw: RawHeaders, body: bytes) -> bytes:
        headers = header_rules.to_client(status, raw)
        if self._answer.length is None and status not in header_rules.BODILESS_STATUSES:
            headers.append((b"content-length", b"%d" % len(body)))
        parts = [STATUS_LINE[status]]
        for name, value in self._exchange.completed(headers):
            parts += (name, b": ", value, b"\r\n")
        for name, value in self._client.server_state.default_headers:
            parts += (name, b": ", value, b"\r\n")
        parts.append(b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n")
        parts.append(body)
        return b"".join(parts)

    def _hand_over(self) -> None:
        """The general way goes on from here."""
        self._timer.cancel()
        self._answer.progress = None
        exchange = self._exchange
        self._scope["method"] = exchange.method
        self._scope["path"] = exchange.path
        self._scope["raw_path"] = exchange.path.encode("ascii")
        self._scope["query_string"] = exchange.query
        self._client.resume(self, self._scope, self._path.edge.resumed(exchange, self._in_general))

    async def _in_general(self, exchange: Exchange) -> None:
        """What is left to do, as a coroutine."""
        proxy = self._path.proxy
        try:
            await proxy.go_on(exchange, self._upstream, self._request, self._deadline, self._answer)
        finally:
            self._upstream.leave_place()
            proxy.bodies.give_back(len(self._request.body))
