"""The connections to one service that are open: those in use, and those that wait for the next request."""

from __future__ import annotations

import asyncio
import ssl
from typing import Final
from urllib.parse import urlsplit

from gateway.connection import NotReached, UpstreamConnection

KEEP_ALIVE_SECONDS: Final = 30.0  # shorter than the services', so that we are the one who closes an idle connection
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class ConnectionPool:
    """Opens connections and keeps them between requests; made inside the event loop.

    It knows no limit of its own: a service's places are one.
    """

    def __init__(self, url: str, *, connect_timeout: float) -> None:
        """`url`: scheme, host, port; `connect_timeout` is in seconds."""
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._port = parts.port or _DEFAULT_PORTS[parts.scheme]
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._connect_timeout = connect_timeout
        self._loop = asyncio.get_running_loop()
        self._open: set[UpstreamConnection] = set()
        self._idle: list[UpstreamConnection] = []
        self._closed = False
        self._sweeping = self._loop.call_later(KEEP_ALIVE_SECONDS, self._sweep)

    @property
    def has_idle(self) -> bool:
        """Whether a connection waits, though perhaps for too long."""
        return bool(self._idle)

    def idle(self) -> UpstreamConnection | None:
        """The connection that was used last, taken out; None when there is none."""
        if not self._idle:
            return None
        connection = self._idle.pop()
        if self._loop.time() - connection.idle_since < KEEP_ALIVE_SECONDS:
            return connection
        connection.close()
        return self.idle()

    async def connect(self) -> UpstreamConnection:
        """A new connection; raises NotReached. The name is looked up anew: a restarted service may have moved."""
        if self._closed:
            raise NotReached
        try:
            async with asyncio.timeout(self._connect_timeout):
                _, connection = await self._loop.create_connection(
                    lambda: UpstreamConnection(self), self._host, self._port, ssl=self._tls
                )
        except (OSError, TimeoutError) as error:
            raise NotReached from error
        self._open.add(connection)
        return connection

    def keep(self, connection: UpstreamConnection) -> None:
        """For the next request."""
        if self._closed:
            connection.close()
            return
        connection.idle_since = self._loop.time()
        self._idle.append(connection)

    def forget(self, connection: UpstreamConnection) -> None:
        """It is gone."""
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def close(self) -> None:
        """Closes all connections, also those in use."""
        self._closed = True
        self._sweeping.cancel()
        for connection in tuple(self._open):
            connection.close()

    def _sweep(self) -> None:
        """Closes what nobody has used for long; the most recently used are taken first, so the rest ages."""
        oldest = self._loop.time() - KEEP_ALIVE_SECONDS
        for connection in [one for one in self._idle if one.idle_since <= oldest]:
            connection.close()
        self._sweeping = self._loop.call_later(KEEP_ALIVE_SECONDS, self._sweep)
