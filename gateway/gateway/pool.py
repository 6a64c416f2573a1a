"""Connections to one service, kept for the next request."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from urllib.parse import urlsplit

from gateway.headers import RawHeaders
from gateway.http1 import Answer, Connection

KEEP_ALIVE_SECONDS = 30.0  # shorter than the services', so that we are the one who closes an idle connection
_WITH_LENGTH = frozenset({b"POST", b"PUT", b"PATCH"})


class NotReached(Exception):  # noqa: N818 - reads as what happened
    """No connection came about, so nothing was sent."""


class Pool:
    """Opens, keeps and forgets connections."""

    def __init__(self, url: str, *, connect_timeout: float) -> None:
        """`url`: scheme, host, port; `connect_timeout` is in seconds."""
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._host_header = parts.netloc.rpartition("@")[2].encode("ascii")
        self._connect_timeout = connect_timeout
        self._idle: deque[Connection] = deque()
        self._busy: set[Connection] = set()

    async def send(
        self, method: bytes, target: bytes, headers: RawHeaders, body: bytes, *, deadline: float
    ) -> tuple[Connection, Answer]:
        """The answer as soon as its head is there; the connection must be given back.

        Raises NotReached before, BrokenOff after something was sent, TimeoutError at `deadline` (the loop's time).
        """
        connection = self._kept() or await self._open()
        self._busy.add(connection)
        try:
            request = self._framed(method, target, headers, body)
            answer = await connection.send(request, bodiless=method == b"HEAD", deadline=deadline)
        except BaseException:
            self._busy.discard(connection)
            raise
        return connection, answer

    def give_back(self, connection: Connection) -> None:
        """Keeps the connection when its answer was read to the end, and closes it otherwise."""
        self._busy.discard(connection)
        now = asyncio.get_running_loop().time()
        if connection.release():
            connection.idle_since = now
            self._idle.append(connection)
        while self._idle and now - self._idle[0].idle_since > KEEP_ALIVE_SECONDS:
            self._idle.popleft().close()

    def close(self) -> None:
        """Closes all connections."""
        for connection in (*self._idle, *self._busy):
            connection.close()
        self._idle.clear()

    def _kept(self) -> Connection | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed and now - connection.idle_since <= KEEP_ALIVE_SECONDS:
                return connection
            connection.close()
        return None

    async def _open(self) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_timeout):
                _, connection = await loop.create_connection(Connection, self._host, self._port, ssl=self._tls)
        except (OSError, TimeoutError) as error:
            raise NotReached from error
        return connection

    def _framed(self, method: bytes, target: bytes, headers: RawHeaders, body: bytes) -> bytes:
        # Every part was accepted by llhttp on its way in: none can hold a line break.
        lines = [b"%b %b HTTP/1.1\r\nhost: %b\r\n" % (method, target, self._host_header)]
        lines += [b"%b: %b\r\n" % header for header in headers]
        if body or method in _WITH_LENGTH:
            lines.append(b"content-length: %d\r\n" % len(body))
        lines += (b"\r\n", body)
        return b"".join(lines)
