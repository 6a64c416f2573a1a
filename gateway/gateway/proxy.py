"""The pass-through: token, body, service, answer. Bytes in, bytes out; no body is ever parsed here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import aiohttp
import structlog

from chassis.auth import TokenVerifier
from chassis.problems import BadRequest, TooLarge, Unauthenticated
from gateway import headers as header_rules
from gateway.body import BodyReader, ClientGone, size_hint
from gateway.exchange import Exchange
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
        if exchange.method in _BODILESS and size_hint(exchange.fields, 1):
            raise BadRequest(f"{exchange.method} carries no body.", headers={"Connection": "close"})
        upstream = self._upstreams[route.upstream]
        seconds = self._seconds(route, exchange.method)
        size = size_hint(exchange.fields, route.body_limit)
        if size == 0:
            await self._pass(exchange, upstream, b"", seconds)
            return
        with self._bodies.reserved(size):
            try:
                body = await self._bodies.read(exchange.fields, exchange.receive, route.body_limit)
            except ClientGone:
                return
            except TooLarge as refused:
                raise TooLarge(f"{refused.detail} {route.if_too_large}".rstrip(), headers=refused.headers) from None
            await self._pass(exchange, upstream, body, seconds)

    async def _authenticate(self, exchange: Exchange) -> None:
        authorization = exchange.header(b"authorization")
        if authorization is None or not authorization.lower().startswith(_SCHEME):
            raise Unauthenticated("Send an access token as `Authorization: Bearer …`.")
        await self._tokens.verify(authorization[len(_SCHEME) :].strip())

    def _seconds(self, route: Route, method: str) -> float:
        if route.seconds is not None:
            return route.seconds
        deadlines = self._deadlines[route.upstream]
        return deadlines.read if method in _BODILESS else deadlines.command

    async def _pass(self, exchange: Exchange, upstream: UpstreamService, body: bytes, seconds: float) -> None:
        deadline = asyncio.get_running_loop().time() + seconds
        upstream.take_place()
        try:
            response = await upstream.send(_outgoing(exchange, body), deadline)
            try:
                await self._answer(exchange, response, deadline)
            except (TimeoutError, aiohttp.ClientError) as error:
                if not exchange.started:
                    raise (GatewayTimeout if isinstance(error, TimeoutError) else BadGateway) from error
                # Half an answer is out: ending without its last part breaks the connection, which tells the client.
                log.warning("an answer broke off", upstream=upstream.name, error=type(error).__name__)
            finally:
                response.close()  # read to its end, it has already left its connection to the next request
        finally:
            upstream.leave_place()

    async def _answer(self, exchange: Exchange, response: aiohttp.ClientResponse, deadline: float) -> None:
        """Streams the answer; the first piece is had before the head goes out, so that a hang there is still a 504."""
        headers = header_rules.to_client(response.status, response.raw_headers)
        if (
            response.content.is_eof()
        ):  # the whole body came with the head, as it does when it is small: nothing to wait for
            piece = response.content.read_nowait()
            await exchange.send({"type": "http.response.start", "status": response.status, "headers": headers})
            await exchange.send({"type": "http.response.body", "body": piece, "more_body": False})
            return
        clock = asyncio.get_running_loop().time
        async with asyncio.timeout_at(deadline) as timer:
            piece = await response.content.readany()
            timer.reschedule(None)  # the service is not to blame for a client that reads slowly
            await exchange.send({"type": "http.response.start", "status": response.status, "headers": headers})
            while not response.content.at_eof():
                before = clock()
                await exchange.send({"type": "http.response.body", "body": piece, "more_body": True})
                deadline += clock() - before
                timer.reschedule(deadline)
                piece = await response.content.readany()
                timer.reschedule(None)
            await exchange.send({"type": "http.response.body", "body": piece, "more_body": False})


def _outgoing(exchange: Exchange, body: bytes) -> Outgoing:
    headers = header_rules.to_service(exchange.headers, exchange.request_id, exchange.traceparent)
    return Outgoing(
        method=exchange.method,
        target=f"{exchange.path}?{exchange.query.decode('ascii')}" if exchange.query else exchange.path,
        headers=headers,
        body=body,
        # A service keeps the answer to a keyed command and gives the same one again.
        repeatable=exchange.method in _BODILESS or b"idempotency-key" in exchange.fields,
    )
