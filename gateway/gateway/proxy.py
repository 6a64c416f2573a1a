"""The pass-through: token, body, service, answer. Bytes in, bytes out; no body is ever parsed here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from chassis.auth import TokenVerifier
from chassis.problems import BadRequest, Unauthenticated
from gateway import headers as header_rules
from gateway.body import BodyReader, ClientGone, size_hint
from gateway.exchange import Exchange
from gateway.http1 import Answer, BrokenOff, Connection
from gateway.problems import BadGateway, GatewayTimeout
from gateway.routing import Route, Upstream
from gateway.settings import Deadlines
from gateway.upstream import Outgoing, UpstreamService

_BODILESS = frozenset({"GET", "HEAD"})
_SCHEME = "bearer "

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway.proxy")


class Proxy:
    """Takes a request to its service and the answer back."""

    def __init__(
        self,
        upstreams: Mapping[Upstream, UpstreamService],
        *,
        tokens: TokenVerifier,
        bodies: BodyReader,
        deadlines: Mapping[Upstream, Deadlines],
    ) -> None:
        self._upstreams = upstreams
        self._tokens = tokens
        self._bodies = bodies
        self._deadlines = deadlines

    async def handle(self, exchange: Exchange, route: Route) -> None:
        """Answers the exchange; raises a Problem as long as nothing was answered."""
        if exchange.method not in route.public:
            await self._authenticate(exchange)
        if exchange.method in _BODILESS and size_hint(exchange.headers, 1):
            raise BadRequest(f"{exchange.method} carries no body.", headers={"Connection": "close"})
        upstream = self._upstreams[route.upstream]
        seconds = self._seconds(route, exchange.method)
        size = size_hint(exchange.headers, route.body_limit)
        if size == 0:
            await self._pass(exchange, upstream, b"", seconds)
            return
        with self._bodies.reserved(size):
            try:
                body = await self._bodies.read(exchange.headers, exchange.receive, route.body_limit)
            except ClientGone:
                return
            await self._pass(exchange, upstream, body, seconds)

    async def _authenticate(self, exchange: Exchange) -> None:
        authorization = exchange.header(b"authorization")
        if authorization is None or not authorization.lower().startswith(_SCHEME):
            raise Unauthenticated("Send an access token as `Authorization: Bearer …`.")
        await self._tokens.verify(authorization[len(_SCHEME) :].strip())

    def _seconds(self, route: Route, method: str) -> float:
        deadlines = self._deadlines[route.upstream]
        return deadlines.read if method in _BODILESS else deadlines.command

    async def _pass(self, exchange: Exchange, upstream: UpstreamService, body: bytes, seconds: float) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        upstream.take_place()
        try:
            connection, answer = await upstream.send(_outgoing(exchange, body), deadline)
            try:
                await self._answer(exchange, connection, answer, deadline)
            except (TimeoutError, BrokenOff) as error:
                if not exchange.started:
                    raise (GatewayTimeout if isinstance(error, TimeoutError) else BadGateway) from error
                # Half an answer is out: ending without its last part breaks the connection, which tells the client.
                log.warning("an answer broke off", upstream=upstream.name, error=type(error).__name__)
            finally:
                upstream.give_back(connection)
        finally:
            upstream.leave_place()

    async def _answer(self, exchange: Exchange, connection: Connection, answer: Answer, deadline: float) -> None:
        """Streams the answer; the first piece is had before the head goes out, so that a hang there is still a 504."""
        clock = asyncio.get_running_loop().time
        piece = await answer.read()
        headers = header_rules.to_client(answer.status, answer.headers)
        await exchange.send({"type": "http.response.start", "status": answer.status, "headers": headers})
        if answer.drained:
            await exchange.send({"type": "http.response.body", "body": piece, "more_body": False})
            return
        while piece:
            before = clock()
            connection.set_deadline(None)  # the service is not to blame for a client that reads slowly
            await exchange.send({"type": "http.response.body", "body": piece, "more_body": True})
            deadline += clock() - before
            connection.set_deadline(deadline)
            piece = await answer.read()
        await exchange.send({"type": "http.response.body", "body": b"", "more_body": False})


def _outgoing(exchange: Exchange, body: bytes) -> Outgoing:
    headers = header_rules.to_service(exchange.headers, exchange.request_id, exchange.traceparent)
    path = exchange.path.encode("ascii")
    return Outgoing(
        method=exchange.method.encode("ascii"),
        target=b"%b?%b" % (path, exchange.query) if exchange.query else path,
        headers=headers,
        body=body,
        # A service keeps the answer to a keyed command and gives the same one again.
        repeatable=exchange.method in _BODILESS or exchange.header(b"idempotency-key") is not None,
    )
