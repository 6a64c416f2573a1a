"""Small real HTTP servers that stand where the services stand."""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from aiohttp import web
from multidict import CIMultiDictProxy

from gateway.routing import Upstream

type Services = dict[Upstream, FakeService]
type Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Seen:
    method: str
    target: str
    headers: CIMultiDictProxy[str]
    body: bytes


async def echo(request: web.Request) -> web.StreamResponse:
    return web.Response(body=await request.read(), content_type=request.content_type)


@dataclass
class FakeService:
    """Answers by `behaviour` and remembers what it was asked; can be away, and come back on the same port."""

    port: int
    behaviour: Behaviour = echo
    seen: list[Seen] = field(default_factory=list)
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.come_back()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.go_away()

    async def begin_anew(self) -> None:
        """As at the start, whatever the test before has done to it."""
        self.behaviour = echo
        self.seen.clear()
        await self.come_back()

    async def come_back(self) -> None:
        if self._runner is not None:
            return
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/{rest:.*}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def go_away(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/readyz":
            return web.json_response({"ready": True})
        body = await request.read()
        self.seen.append(Seen(request.method, request.raw_path, request.headers, body))
        return await self.behaviour(request)


@dataclass
class ScriptedService:
    """Answers each request with the next of these bytes, cut into these pieces, and takes down what it was sent."""

    answers: list[list[bytes]] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    connections: list[asyncio.StreamWriter] = field(default_factory=list)
    close_after: bool = False
    _server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for connection in self.connections:
            connection.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
                self.requests.append(head + await reader.readexactly(int(length[1]) if length else 0))
                for piece in self.answers.pop(0):
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
                if self.close_after:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


async def hang(_request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


def break_off_once(then: Behaviour = echo) -> Behaviour:
    """Takes the first request and closes the connection without a word, as a killed process does."""
    left = 1

    async def behave(request: web.Request) -> web.StreamResponse:
        nonlocal left
        if left:
            left -= 1
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return await then(request)

    return behave
