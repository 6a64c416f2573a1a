"""One service behind the gateway: a pool of connections, a bounded number of requests, deadlines, careful retries."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from chassis.problems import Problem, Unavailable
from gateway.breaker import Breaker
from gateway.metrics import ACTIVE, BREAKER_OPEN, FAILURES
from gateway.problems import BadGateway, GatewayTimeout

KEEP_ALIVE_SECONDS = 30.0  # shorter than the services', so that we are the one who closes an idle connection
_FIRST_PAUSE = 0.025
_LONGEST_PAUSE = 0.25
_WRITTEN_AT_ONCE = 1 << 20
_NO_AUTOMATIC_HEADERS = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request as it goes to a service. `repeatable`: acting on it twice is acting once."""

    method: str
    target: str
    headers: CIMultiDict[str]
    body: bytes
    repeatable: bool


class _NotReached(Exception):  # noqa: N818 - reads as what happened
    """No connection came about, so nothing was sent."""


class _BrokenOff(Exception):  # noqa: N818 - reads as what happened
    """The connection ended after something was sent and before an answer."""


class UpstreamService:
    """Sends requests to one service."""

    def __init__(
        self, name: str, url: str, *, concurrency: int, connect_timeout: float, patience: float, breaker: Breaker
    ) -> None:
        """`patience`: seconds during which a refused connection is tried again; needs a running event loop."""
        self.name = name
        self._base = url
        self._patience = patience
        self._places = concurrency
        self._breaker = breaker
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_SECONDS),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=_NO_AUTOMATIC_HEADERS,
            trust_env=False,
        )
        # aiohttp would by itself repeat a PUT or DELETE whose connection broke; only keyed ones are safe to repeat.
        self._session._retry_connection = False  # noqa: SLF001 -- it has no public switch
        self._active = ACTIVE.labels(name)
        self._active.set(0)
        BREAKER_OPEN.labels(name).set_function(lambda: float(breaker.open))
        self._failures = {kind: FAILURES.labels(name, kind) for kind in ("away", "broken", "timeout", "full", "open")}

    async def close(self) -> None:
        """Closes the pool."""
        await self._session.close()

    @contextmanager
    def place(self) -> Iterator[None]:
        """One of the service's places for the time of the block; raises Unavailable when all are taken."""
        if self._places == 0:
            self._failures["full"].inc()
            raise Unavailable
        self._places -= 1
        self._active.inc()
        try:
            yield
        finally:
            self._places += 1
            self._active.dec()

    async def send(self, request: Outgoing, deadline: float) -> aiohttp.ClientResponse:
        """The answer's head by `deadline` (the loop's time); raises a 502, 503 or 504 problem."""
        if not self._breaker.allows():
            self._failures["open"].inc()
            raise Unavailable
        try:
            response = await self._send_patiently(request, deadline)
        except Problem:
            self._breaker.failed()
            raise
        except BaseException:
            self._breaker.undecided()
            raise
        self._breaker.succeeded()
        return response

    async def _send_patiently(self, request: Outgoing, deadline: float) -> aiohttp.ClientResponse:
        clock = asyncio.get_running_loop().time
        refused_until = min(clock() + self._patience, deadline)
        pause = _FIRST_PAUSE
        may_repeat = request.repeatable
        while True:
            try:
                return await self._attempt(request, deadline)
            except _NotReached:
                if clock() + pause >= refused_until:
                    self._failures["away"].inc()
                    raise Unavailable("A part of CarPass is away.") from None
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            except _BrokenOff:
                if not may_repeat:
                    self._failures["broken"].inc()
                    raise BadGateway from None
                may_repeat = False
            except TimeoutError:
                self._failures["timeout"].inc()
                raise GatewayTimeout from None

    async def _attempt(self, request: Outgoing, deadline: float) -> aiohttp.ClientResponse:
        try:
            async with asyncio.timeout_at(deadline):
                return await self._session.request(
                    request.method,
                    URL(self._base + request.target, encoded=True),
                    headers=request.headers,
                    data=_payload(request.body),
                    allow_redirects=False,
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise _NotReached from error
        except (aiohttp.ClientError, ConnectionError) as error:
            raise _BrokenOff from error

    async def fetch(self, path: str, *, within: float, limit: int) -> tuple[int, bytes]:
        """Status and body of a GET of our own, outside places and breaker; `within` is in seconds.

        Raises ClientError or TimeoutError.
        """
        async with (
            asyncio.timeout(within),
            self._session.get(URL(self._base + path, encoded=True), allow_redirects=False) as response,
        ):
            body = b""
            async for chunk in response.content.iter_any():
                body += chunk
                if len(body) > limit:
                    raise aiohttp.ClientPayloadError("longer than expected")
            return response.status, body


def _payload(body: bytes) -> bytes | io.BytesIO | None:
    """The body as aiohttp likes it: a large one is written piece by piece."""
    if len(body) > _WRITTEN_AT_ONCE:
        return io.BytesIO(body)
    return body or None
