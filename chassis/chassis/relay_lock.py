"""The one active relay per database: a session advisory lock, and proof that the session still lives."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import asyncpg

from chassis.failures import DRIVER_ERRORS

_LOCK: Final = 0x6F7574626F78  # "outbox"; advisory locks are per database
_CONNECT_DEADLINE: Final = 5.0
_QUERY_DEADLINE: Final = 5.0
_CLOSE_DEADLINE: Final = 2.0


class RelayLockLost(Exception):  # noqa: N818 - reads as what happened
    """Another relay may be active by now: this process must send nothing more."""


class RelayLock:
    """A direct connection that holds, or waits for, the lock. Its queries are the proof that it is still held."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._busy = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self._verified_at = 0.0

    @classmethod
    async def connect(cls, url: str, *, application_name: str, silence: float) -> RelayLock:
        """The server ends the session, and so frees the lock, after `silence` seconds without a query.

        That is what takes the lock from a process that was stopped (SIGSTOP, a frozen container): its kernel goes on
        answering keepalives, which only notice a machine that is gone.
        """
        connection = await asyncpg.connect(
            url,
            timeout=_CONNECT_DEADLINE,
            command_timeout=_QUERY_DEADLINE,
            server_settings={
                "application_name": application_name,
                "idle_session_timeout": f"{round(silence * 1000)}ms",
                "statement_timeout": f"{round(_QUERY_DEADLINE * 1000)}ms",
                "tcp_keepalives_idle": "5",
                "tcp_keepalives_interval": "2",
                "tcp_keepalives_count": "3",
                "tcp_user_timeout": f"{round(silence * 1000)}ms",
                # The outbox is read from its start, in order: stale statistics must not make that a sort of all of it.
                "enable_seqscan": "off",
                "enable_bitmapscan": "off",
            },
        )
        return cls(connection)

    async def try_acquire(self) -> bool:
        """True when this session is the active relay's from now on."""
        return bool(await self.value("SELECT pg_try_advisory_lock($1)", _LOCK))

    async def rows(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """The query's rows, seen while the lock was held; raises RelayLockLost."""
        async with self._busy:
            started = self._loop.time()
            try:
                rows = await self._connection.fetch(query, *arguments)
            except DRIVER_ERRORS as error:
                raise RelayLockLost from error
            self._verified_at = started
            return list(rows)

    async def value(self, query: str, *arguments: Any) -> Any:
        """The first value of the first row, or None; raises RelayLockLost."""
        rows = await self.rows(query, *arguments)
        return rows[0][0] if rows else None

    def proof_older_than(self, seconds: float) -> bool:
        """Whether the last answer of the session was asked for longer ago."""
        return self._loop.time() - self._verified_at > seconds

    async def verify(self) -> None:
        """Asks the server; raises RelayLockLost."""
        await self.value("SELECT 1")

    async def close(self) -> None:
        """Frees the lock."""
        try:
            await self._connection.close(timeout=_CLOSE_DEADLINE)
        except DRIVER_ERRORS:
            self._connection.terminate()
