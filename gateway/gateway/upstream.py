"""One service behind the gateway: a pool of connections, a bounded number of requests, deadlines, careful retries."""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass
from typing import Final

import aiohttp
from aiohttp.connector import Connection
from yarl import URL

from chassis.problems import Problem, Unavailable
from gateway.breaker import Breaker
from gateway.metrics import ACTIVE, BREAKER_OPEN, FAILURES
from gateway.problems import BadGateway, GatewayTimeout

KEEP_ALIVE_SECONDS: Final = 30.0  # shorter than the services', so that we are the one who closes an idle connection
_OWN_CONNECTIONS: Final = 2  # readiness and the OpenAPI document do not queue behind a service's requests
_MAX_STATUS_LINE: Final = 8 << 10
_MAX_FIELD: Final = 32 << 10
_NO_AUTOMATIC_HEADERS: Final = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
_FINAL_STATUSES: Final = range(200, 600)
_ONE_PIECE: Final = 1 << 20
_FIRST_PAUSE: Final = 0.025
_LONGEST_PAUSE: Final = 0.25


class NotReached(aiohttp.ClientError):
    """No connection came about, so nothing was sent."""


class BrokenOff(aiohttp.ClientError):
    """The connection ended after something was sent and before an answer, or what came is no HTTP."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request as it goes to a service. `repeatable`: acting on it twice is acting once."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes
    repeatable: bool


class UpstreamService:
    """Sends requests to one service, from `open` to `close`."""

    def __init__(
        self, name: str, url: str, *, concurrency: int, connect_timeout: float, patience: float, breaker: Breaker
    ) -> None:
        """`url`: scheme, host, port; `patience`: seconds during which a refused connection is tried again."""
        self.name = name
        self._url = url
        self._places = concurrency
        self._connect_timeout = connect_timeout
        self._patience = patience
        self._breaker = breaker
        self._session: aiohttp.ClientSession | None = None
        self._active = 0
        ACTIVE.labels(name).set_function(lambda: float(self._active))
        BREAKER_OPEN.labels(name).set_function(lambda: float(breaker.open))
        self._failures = {kind: FAILURES.labels(name, kind) for kind in ("away", "broken", "timeout", "full", "open")}

    def open(self) -> None:
        """Makes the pool; needs a running event loop."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._places + _OWN_CONNECTIONS,
                keepalive_timeout=KEEP_ALIVE_SECONDS,
                use_dns_cache=False,  # a service that was started anew may have another address
            ),
            timeout=aiohttp.ClientTimeout(total=None, connect=self._connect_timeout),
            middlewares=(_told_apart,),
            response_class=_Answer,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_NO_AUTOMATIC_HEADERS,
            auto_decompress=False,
            raise_for_status=False,
            trust_env=False,
            max_line_size=_MAX_STATUS_LINE,
            max_field_size=_MAX_FIELD,
        )

    async def close(self) -> None:
        """Closes all connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def take_place(self) -> None:
        """Takes one of the service's places, to be left again; raises Unavailable when all are taken."""
        if self._active >= self._places:
            self._failures["full"].inc()
            raise Unavailable
        self._active += 1

    def leave_place(self) -> None:
        """Leaves a place to the next request."""
        self._active -= 1

    async def send(self, request: Outgoing, deadline: float) -> aiohttp.ClientResponse:
        """The answer as soon as its head is there, by `deadline` (the loop's time); it must be closed.

        Raises a 502, 503 or 504 problem.
        """
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
                async with asyncio.timeout_at(deadline):
                    return await self._send_once(request)
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

    async def _send_once(self, request: Outgoing) -> aiohttp.ClientResponse:
        if self._session is None:
            raise NotReached
        return await self._session.request(
            request.method,
            URL(self._url + request.target, encoded=True),
            headers=request.headers,
            data=_payload(request.body),
            allow_redirects=False,
        )

    async def fetch(self, path: str, *, within: float, limit: int) -> tuple[int, bytes]:
        """Status and body of a GET of our own, outside places and breaker; `within` is in seconds.

        Raises aiohttp.ClientError or TimeoutError.
        """
        async with (
            asyncio.timeout(within),
            await self._send_once(Outgoing("GET", path, [], b"", repeatable=True)) as response,
        ):
            body = b""
            async for piece in response.content.iter_any():
                body += piece
                if len(body) > limit:
                    raise aiohttp.ClientPayloadError("longer than expected")
            return response.status, body


def _payload(body: bytes) -> bytes | io.BytesIO | None:
    """What aiohttp sends in one piece, or, where that would hold up everybody else, in many."""
    return io.BytesIO(body) if len(body) > _ONE_PIECE else body or None


class _Answer(aiohttp.ClientResponse):
    """Is the answer to its request, and not to one before it."""

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """Reads the head; what was there before the request was sent belongs to nobody."""
        if connection.protocol is None or connection.protocol.should_close:
            raise aiohttp.ServerDisconnectedError
        return await super().start(connection)


async def _told_apart(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Raises NotReached or BrokenOff for whatever went wrong.

    aiohttp itself would repeat a PUT or DELETE after a cut connection, keyed or not. These two it lets pass.
    """
    try:
        response = await send(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise NotReached from error
    except (aiohttp.ClientError, OSError) as error:
        raise BrokenOff from error
    if response.status not in _FINAL_STATUSES:
        response.close()
        raise BrokenOff
    return response
