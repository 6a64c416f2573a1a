"""Tells the relay that there is something to send, at once and cheaply: a lost call costs one poll interval."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Final

import asyncpg

from chassis.failures import DRIVER_ERRORS

OUTBOX_CHANNEL: Final = "outbox"
_DEADLINE: Final = 5.0


class RelayWake:
    """Calling it wakes the relay after a commit.

    A relay in the same process is told directly; otherwise by NOTIFY on a connection of its own. Calls made while
    a NOTIFY is under way share the next one. Inside the business transaction it would cost half of the commits.
    """

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._pending = asyncio.Event()
        self._listeners: set[asyncio.Event] = set()
        self._task: asyncio.Task[None] | None = None
        self._connection: asyncpg.Connection | None = None

    def __call__(self) -> None:
        """Wakes the relay; returns at once and never fails."""
        if self._listeners:
            for listener in self._listeners:
                listener.set()
            return
        self._pending.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._notify_when_pending(), name="relay-wake")

    @contextlib.contextmanager
    def heard_by(self, listener: asyncio.Event) -> Iterator[None]:
        """While it lasts, calls set this event: for the active relay of the same process."""
        self._listeners.add(listener)
        try:
            yield
        finally:
            self._listeners.discard(listener)

    async def close(self) -> None:
        """Ends the connection; a NOTIFY that is not out yet is dropped."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=_DEADLINE)
            self._task = None
        self._drop_connection()

    async def _notify_when_pending(self) -> None:
        while True:
            await self._pending.wait()
            self._pending.clear()
            try:
                async with asyncio.timeout(_DEADLINE):
                    await self._notify()
            except DRIVER_ERRORS:
                self._drop_connection()  # the relay polls; the next call connects anew

    async def _notify(self) -> None:
        if self._connection is None or self._connection.is_closed():
            # A NOTIFY is a commit as well, and nobody who could miss it survives a crash of the server.
            self._connection = await asyncpg.connect(
                self._url, server_settings={"application_name": "carpass-relay-wake", "synchronous_commit": "off"}
            )
        await self._connection.execute(f"NOTIFY {OUTBOX_CHANNEL}")

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
