"""One service behind the gateway: kept connections, a bounded number of requests, deadlines, careful retries."""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from chassis.problems import Problem, Unavailable
from gateway.breaker import Breaker
from gateway.connection import Answer, BrokenOff, NotReached
from gateway.headers import RawHeaders
from gateway.metrics import ACTIVE, BREAKER_OPEN, FAILURES
from gateway.pool import ConnectionPool
from gateway.problems import BadGateway, GatewayTimeout

_FIRST_PAUSE: Final = 0.025
_LONGEST_PAUSE: Final = 0.25
BODILESS_METHODS: Final = frozenset({"GET", "HEAD"})


class Outgoing(NamedTuple):
    """A request as it goes to a service. `repeatable`: acting on it twice is acting once."""

    method: str
    target: bytes
    headers: RawHeaders
    body: bytes
    repeatable: bool

    def head(self, host: bytes) -> bytes:
        """Its bytes up to the body; `host` is that header's line."""
        parts = [self.method.encode("ascii"), b" ", self.target, b" HTTP/1.1\r\n", host]
        for name, value in self.headers:
            parts += (name, b": ", value, b"\r\n")
        if self.body or self.method not in BODILESS_METHODS:
            parts.append(b"content-length: %d\r\n" % len(self.body))
        parts.append(b"\r\n")
        return b"".join(parts)


class UpstreamService:
    """Sends requests to one service, from `open` to `close`."""

    def __init__(
        self, name: str, url: str, *, concurrency: int, connect_timeout: float, patience: float, breaker: Breaker
    ) -> None:
        """`url`: scheme, host, port; `patience`: seconds during which a refused connection is tried again."""
        self.name = name
        self._url = url
        self._host = b"host: %b\r\n" % urlsplit(url).netloc.encode("ascii")
        self._places = concurrency
        self._connect_timeout = connect_timeout
        self._patience = patience
        self._breaker = breaker
        self._pool: ConnectionPool | None = None
        self._active = 0
        ACTIVE.labels(name).set_function(lambda: float(self._active))
        BREAKER_OPEN.labels(name).set_function(lambda: float(breaker.open))
        self._failures = {kind: FAILURES.labels(name, kind) for kind in ("away", "broken", "timeout", "full", "open")}

    def open(self) -> None:
        """Makes the pool; needs a running event loop."""
        self._pool = ConnectionPool(self._url, connect_timeout=self._connect_timeout)

    def close(self) -> None:
        """Closes all connections."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def take_place(self) -> None:
        """Takes one of the service's places, to be left again; raises Unavailable when all are taken."""
        if self._active >= self._places:
            self._failures["full"].inc()
            raise Unavailable
        self._active += 1

    def leave_place(self) -> None:
        """Leaves a place to the next request."""
        self._active -= 1

    def is_ready(self) -> bool:
        """Whether `begin` would send a request."""
        return self._active < self._places and not self._breaker.open and self._pool is not None and self._pool.has_idle

    def begin(self, request: Outgoing) -> Answer | None:
        """Sends the request on a kept connection and takes a place; None when no connection is kept.

        Whoever began it says `ended`, or goes on with `send` and leaves the place afterwards.
        """
        connection = self._pool.idle() if self._pool is not None else None
        if connection is None:
            return None
        self._active += 1
        return connection.send(request.head(self._host), request.body)

    def ended(self) -> None:
        """What was begun was answered in full."""
        self._active -= 1
        self._breaker.succeeded()

    async def send(self, request: Outgoing, deadline: float, begun: Answer | None = None) -> Answer:
        """The answer as soon as its head is there, by `deadline` (the loop's time).

        `begun`: the request was sent already, and this is its answer. Raises a 502, 503 or 504 problem.
        """
        if begun is None and not self._breaker.allows():
            self._failures["open"].inc()
            raise Unavailable
        try:
            answer = await self._send_patiently(request, deadline, begun)
        except Problem:
            self._breaker.failed()
            raise
        except BaseException:
            self._breaker.undecided()
            raise
        self._breaker.succeeded()
        return answer

    async def _send_patiently(self, request: Outgoing, deadline: float, begun: Answer | None) -> Answer:
        clock = asyncio.get_running_loop().time
        refused_until = min(clock() + self._patience, deadline)
        pause = _FIRST_PAUSE
        may_repeat = request.repeatable
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    return await self._send_once(request, begun)
            except NotReached:
                if clock() + pause >= refused_until:
                    self._failures["away"].inc()
                    raise Unavailable("A part of CarPass is away.") from None
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            except BrokenOff:
                if not may_repeat:
                    self._failures["broken"].inc()
                    raise BadGateway from None
                may_repeat = False
                begun = None
            except TimeoutError:
                self._failures["timeout"].inc()
                raise GatewayTimeout from None

    async def _send_once(self, request: Outgoing, begun: Answer | None = None) -> Answer:
        if self._pool is None:
            raise NotReached
        answer = begun
        if answer is None:
            connection = self._pool.idle() or await self._pool.connect()
            answer = connection.send(request.head(self._host), request.body, to_head=request.method == "HEAD")
        try:
            await answer.head()
        except BaseException:
            answer.abandon()
            raise
        return answer

    async def fetch(self, path: str, *, within: float, limit: int) -> tuple[int, bytes]:
        """Status and body of a GET of our own, outside places and breaker; `within` is in seconds.

        Raises UpstreamError or TimeoutError.
        """
        async with asyncio.timeout(within):
            answer = await self._send_once(Outgoing("GET", path.encode("ascii"), [], b"", repeatable=True))
            try:
                body = b""
                while piece := await answer.piece():
                    body += piece
                    if len(body) > limit:
                        raise BrokenOff
            finally:
                answer.abandon()
            return answer.status, body
