"""uvicorn, run by us: our sockets, our signals, our shutdown."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

KEEP_ALIVE_SECONDS = 75  # longer than the gateway keeps an idle connection, so that it is never the one surprised
_BACKLOG = 2048


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the process, not to one of its parts."""
        yield


class HttpServer:
    """Serves an application on a socket that is bound at once: a port in use raises OSError here."""

    def __init__(
        self, app: ASGIApp, *, host: str, port: int, drain: float, protocol: type[asyncio.Protocol] | None = None
    ) -> None:
        """`drain`: seconds that requests in flight have when it stops; then they are cancelled.

        `protocol`: a uvicorn HTTP protocol class in place of its httptools one.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        self._server = _Server(
            uvicorn.Config(
                app,
                http=protocol or "httptools",
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=max(1, round(drain)),
            )
        )

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._socket.getsockname()[1])

    async def run(self, stop: asyncio.Event) -> None:
        """Serves until `stop`; then accepts nothing more and lets what is in flight end."""
        serving = asyncio.create_task(self._server.serve(sockets=[self._socket]), name="uvicorn")
        stopping = asyncio.create_task(stop.wait(), name="stop-serving")
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        self._server.should_exit = True
        await serving
