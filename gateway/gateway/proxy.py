"""The pass-through: token, body, service, answer. Bytes in, bytes out; no body is ever parsed here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import structlog

from chassis.auth import TokenVerifier
from chassis.problems import BadRequest, TooLarge, Unauthenticated
from gateway import headers as header_rules
from gateway.body import BodyReader, ClientGone, size_hint
from gateway.connection import Answer, BrokenOff
from gateway.exchange import Exchange
from gateway.problems import BadGateway, GatewayTimeout
from gateway.routing import Route, Upstream
from gateway.settings import Deadlines
from gateway.upstream import BODILESS_METHODS, Outgoing, UpstreamService

_SCHEME: Final = b"bearer "

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
        self.upstreams = upstreams
        self.tokens = tokens
        self.bodies = bodies
        self._deadlines = deadlines

    async def handle(self, exchange: Exchange, route: Route) -> None:
        """Answers the exchange; raises a Problem as long as nothing was answered."""
        if exchange.method not in route.public:
            token = bearer_token(exchange.fields.get(b"authorization"))
            if token is None:
                raise Unauthenticated("Send an access token as `Authorization: Bearer …`.")
            await self.tokens.verify(token)
        if exchange.method in BODILESS_METHODS and size_hint(exchange.fields, 1):
            raise BadRequest(f"{exchange.method} carries no body.", headers={"Connection": "close"})
        size = size_hint(exchange.fields, route.body_limit)
        if size == 0:
            await self._send(exchange, route, b"")
            return
        with self.bodies.reserved(size):
            try:
                body = await self.bodies.read(exchange.fields, exchange.receive, route.body_limit)
            except ClientGone:
                return
            except TooLarge as refused:
                raise TooLarge(f"{refused.detail} {route.if_too_large}".rstrip(), headers=refused.headers) from None
            await self._send(exchange, route, body)

    async def _send(self, exchange: Exchange, route: Route, body: bytes) -> None:
        upstream = self.upstreams[route.upstream]
        deadline = self.deadline(route, exchange.method)
        upstream.take_place()
        try:
            await self.go_on(exchange, upstream, outgoing(exchange, body), deadline)
        finally:
            upstream.leave_place()

    def deadline(self, route: Route, method: str) -> float:
        """When the answer must be there, by the loop's clock."""
        seconds = route.seconds
        if seconds is None:
            deadlines = self._deadlines[route.upstream]
            seconds = deadlines.read if method in BODILESS_METHODS else deadlines.command
        return asyncio.get_running_loop().time() + seconds

    async def go_on(
        self,
        exchange: Exchange,
        upstream: UpstreamService,
        request: Outgoing,
        deadline: float,
        begun: Answer | None = None,
    ) -> None:
        """Sends the request, unless its answer is `begun`, and passes the answer on. The place is the caller's."""
        answer = await upstream.send(request, deadline, begun)
        try:
            await _pass_on(exchange, answer, deadline)
        except (TimeoutError, BrokenOff) as error:
            if not exchange.started:
                raise (GatewayTimeout if isinstance(error, TimeoutError) else BadGateway) from error
            # Half an answer is out: ending without its last part breaks the connection, which tells the client.
            log.warning("an answer broke off", upstream=upstream.name, error=type(error).__name__)
        finally:
            answer.abandon()  # read to its end, it has already left its connection to the next request


async def _pass_on(exchange: Exchange, answer: Answer, deadline: float) -> None:
    """Streams the answer; the first piece is had before the head goes out, so that a hang there is still a 504."""
    headers = header_rules.to_client(answer.status, answer.headers)
    if answer.complete:  # the whole body is there, as it is when it is small: nothing to wait for
        await exchange.send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await exchange.send({"type": "http.response.body", "body": answer.take(), "more_body": False})
        return
    clock = asyncio.get_running_loop().time
    async with asyncio.timeout_at(deadline) as timer:
        piece = await answer.piece()
        timer.reschedule(None)  # the service is not to blame for a client that reads slowly
        await exchange.send({"type": "http.response.start", "status": answer.status, "headers": headers})
        while piece:
            before = clock()
            await exchange.send({"type": "http.response.body", "body": piece, "more_body": True})
            deadline += clock() - before
            timer.reschedule(deadline)
            piece = await answer.piece()
            timer.reschedule(None)
        await exchange.send({"type": "http.response.body", "body": b"", "more_body": False})


def bearer_token(authorization: bytes | None) -> str | None:
    """The access token in this header."""
    if authorization is None or authorization[: len(_SCHEME)].lower() != _SCHEME:
        return None
    return authorization[len(_SCHEME) :].strip().decode("latin-1")


def outgoing(exchange: Exchange, body: bytes) -> Outgoing:
    """The request as its service gets it; raises BadRequest for headers that cannot be sent on."""
    traceparent = exchange.traceparent
    target = exchange.path.encode("ascii")
    return Outgoing(
        method=exchange.method,
        target=target + b"?" + exchange.query if exchange.query else target,
        headers=header_rules.to_service(
            exchange.headers, exchange.request_id, traceparent.encode("ascii") if traceparent else None
        ),
        body=body,
        # A service keeps the answer to a keyed command and gives the same one again.
        repeatable=exchange.method in BODILESS_METHODS or b"idempotency-key" in exchange.fields,
    )
