"""The gateway as one ASGI application."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from chassis.auth import KeySource, TokenVerifier
from chassis.health import Health
from chassis.jwks import RemoteKeys
from chassis.problems import BadRequest, MethodNotAllowed, NotFound
from gateway.body import BodyReader
from gateway.breaker import Breaker
from gateway.cors import Cors
from gateway.direct import DirectPath
from gateway.docs_page import SCRIPT_PATH, DocsPage
from gateway.edge import Edge
from gateway.exchange import LOCAL, Exchange
from gateway.live_document import LiveDocument
from gateway.problems import UriTooLong
from gateway.proxy import Proxy
from gateway.readiness import Readiness
from gateway.routing import Router, Upstream
from gateway.settings import GatewaySettings
from gateway.upstream import UpstreamService

MAX_PATH = 2048
MAX_QUERY = 8192
_QUERY = re.compile(rb"[\x21-\x7e]*")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_ALLOW = ", ".join(sorted(_METHODS))

type LocalPage = Callable[[Exchange], Awaitable[Response]]


class Gateway:
    """Routes requests: a few pages of its own, everything else to the services. Build it inside the event loop."""

    def __init__(self, settings: GatewaySettings, *, health: Health, keys: KeySource | None = None) -> None:
        """`keys`: where access tokens' public keys come from, by default the JWKS at `jwks_url`."""
        self._health = health
        self._router = Router()
        self._cors = Cors(settings.cors_origins)
        self._upstreams = _upstreams(settings)
        self.readiness = Readiness(self._upstreams)
        self._document = LiveDocument(self._upstreams, self._router, max_age=settings.openapi_max_age)
        self._docs = DocsPage()
        self._proxy = Proxy(
            self._upstreams,
            tokens=TokenVerifier(keys or RemoteKeys.from_settings(settings)),
            bodies=BodyReader(timeout=settings.client_body_timeout, max_buffered_bytes=settings.max_buffered_bytes),
            deadlines={upstream: settings.deadlines_of(upstream) for upstream in self._upstreams},
        )
        self._pages: dict[str, LocalPage] = {
            "/livez": self._livez,
            "/readyz": self._readyz,
            "/openapi.json": self._openapi,
        }
        if settings.docs_enabled:
            self._pages |= {"/docs": self._docs_page, SCRIPT_PATH: self._docs_script}
        self._edge = Edge(self._handle, cors=self._cors, health=health)
        self.short_way = DirectPath(self._proxy, self._router, self._edge, health)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http":
            await self._edge(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        for upstream in self._upstreams.values():
            upstream.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for upstream in self._upstreams.values():
            upstream.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _handle(self, exchange: Exchange) -> None:
        if len(exchange.path) > MAX_PATH or len(exchange.query) > MAX_QUERY:
            raise UriTooLong
        if _QUERY.fullmatch(exchange.query) is None:
            raise BadRequest("The query holds characters that must be percent-encoded.", slug="bad-query")
        if exchange.method == "OPTIONS":
            await self._preflight(exchange)
            return
        if exchange.method not in _METHODS:
            raise MethodNotAllowed(headers={"Allow": _ALLOW})
        page = self._pages.get(exchange.path)
        if page is not None:
            exchange.route = LOCAL
            await self._local(exchange, page)
            return
        route = self._router.find(exchange.path)
        if route is None:
            raise NotFound
        exchange.route = route.pattern
        await self._proxy.handle(exchange, route)

    async def _preflight(self, exchange: Exchange) -> None:
        if exchange.origin is None or exchange.header(b"access-control-request-method") is None:
            raise MethodNotAllowed(headers={"Allow": _ALLOW})
        headers = self._cors.preflight_headers(exchange.origin)
        await exchange.send({"type": "http.response.start", "status": 204, "headers": headers})
        await exchange.send({"type": "http.response.body", "body": b""})

    async def _local(self, exchange: Exchange, page: LocalPage) -> None:
        if exchange.method not in {"GET", "HEAD"}:
            raise MethodNotAllowed(headers={"Allow": "GET, HEAD"})
        response = await page(exchange)
        await response(exchange.scope, exchange.receive, exchange.send)

    async def _livez(self, _exchange: Exchange) -> Response:
        return _json({"alive": self._health.alive}, 200 if self._health.alive else 503)

    async def _readyz(self, _exchange: Exchange) -> Response:
        unready = await self._health.unready()
        body = {"ready": not unready, "unready": unready, "away": await self.readiness.away()}
        return _json(body, 503 if unready else 200)

    async def _openapi(self, _exchange: Exchange) -> Response:
        return Response(await self._document.get(), media_type="application/json")

    async def _docs_page(self, _exchange: Exchange) -> Response:
        return self._docs.page()

    async def _docs_script(self, exchange: Exchange) -> Response:
        return await self._docs.script(exchange.header(b"accept-encoding") or "")


def _json(body: dict[str, object], status: int) -> Response:
    return Response(orjson.dumps(body), status_code=status, media_type="application/json")


def _upstreams(settings: GatewaySettings) -> dict[Upstream, UpstreamService]:
    return {
        upstream: UpstreamService(
            upstream,
            url,
            concurrency=settings.upstream_concurrency,
            connect_timeout=settings.connect_timeout,
            patience=settings.connect_patience,
            breaker=Breaker(failures=settings.breaker_failures, pause=settings.breaker_pause),
        )
        for upstream, url in settings.upstream_urls().items()
    }
