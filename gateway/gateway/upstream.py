"""One service behind the gateway: a bounded number of requests, deadlines, careful retries."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from chassis.problems import Problem, Unavailable
from gateway.breaker import Breaker
from gateway.headers import RawHeaders
from gateway.http1 import Answer, BrokenOff, Connection
from gateway.metrics import ACTIVE, BREAKER_OPEN, FAILURES
from gateway.pool import NotReached, Pool
from gateway.problems import BadGateway, GatewayTimeout

_FIRST_PAUSE = 0.025
_LONGEST_PAUSE = 0.25


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request as it goes to a service. `repeatable`: acting on it twice is acting once."""

    method: bytes
    target: bytes
    headers: RawHeaders
    body: bytes
    repeatable: bool


class UpstreamService:
    """Sends requests to one service."""

    def __init__(self, name: str, pool: Pool, *, concurrency: int, patience: float, breaker: Breaker) -> None:
        """`patience`: seconds during which a refused connection is tried again."""
        self.name = name
        self._pool = pool
        self._patience = patience
        self._places = concurrency
        self._breaker = breaker
        self._active = 0
        ACTIVE.labels(name).set_function(lambda: float(self._active))
        BREAKER_OPEN.labels(name).set_function(lambda: float(breaker.open))
        self._failures = {kind: FAILURES.labels(name, kind) for kind in ("away", "broken", "timeout", "full", "open")}

    def close(self) -> None:
        """Closes all connections."""
        self._pool.close()

    def take_place(self) -> None:
        """Takes one of the service's places, to be left again; raises Unavailable when all are taken."""
        if self._active >= self._places:
            self._failures["full"].inc()
            raise Unavailable
        self._active += 1

    def leave_place(self) -> None:
        """Leaves a place to the next request."""
        self._active -= 1

    async def send(self, request: Outgoing, deadline: float) -> tuple[Connection, Answer]:
        """The answer as soon as its head is there; the connection must be given back.

        `deadline` is the loop's time by which all of it must be there. Raises a 502, 503 or 504 problem.
        """
        if not self._breaker.allows():
            self._failures["open"].inc()
            raise Unavailable
        try:
            sent = await self._send_patiently(request, deadline)
        except Problem:
            self._breaker.failed()
            raise
        except BaseException:
            self._breaker.undecided()
            raise
        self._breaker.succeeded()
        return sent

    def give_back(self, connection: Connection) -> None:
        """Ends an exchange."""
        self._pool.give_back(connection)

    async def _send_patiently(self, request: Outgoing, deadline: float) -> tuple[Connection, Answer]:
        clock = asyncio.get_running_loop().time
        refused_until = min(clock() + self._patience, deadline)
        pause = _FIRST_PAUSE
        may_repeat = request.repeatable
        while True:
            try:
                return await self._pool.send(
                    request.method, request.target, request.headers, request.body, deadline=deadline
                )
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
            except TimeoutError:
                self._failures["timeout"].inc()
                raise GatewayTimeout from None

    async def fetch(self, path: str, *, within: float, limit: int) -> tuple[int, bytes]:
        """Status and body of a GET of our own, outside places and breaker; `within` is in seconds.

        Raises NotReached, BrokenOff or TimeoutError.
        """
        deadline = asyncio.get_running_loop().time() + within
        connection, answer = await self._pool.send(b"GET", path.encode("ascii"), [], b"", deadline=deadline)
        try:
            body = b""
            while piece := await answer.read():
                body += piece
                if len(body) > limit:
                    raise BrokenOff("longer than expected")
            return answer.status, body
        finally:
            self._pool.give_back(connection)
