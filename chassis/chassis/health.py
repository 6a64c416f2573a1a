"""Is this process alive (its loop turns), and can it work (everything it needs is there)?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

type Check = Callable[[], Awaitable[str | None]]
"""None when all is well, else what is wrong in a few words."""

HEARTBEAT_SECONDS = 1.0
HEARTBEAT_STALE_SECONDS = 10.0

log: structlog.stdlib.BoundLogger = structlog.get_logger("chassis.health")


class Health:
    """The health of one process, whatever roles it has."""

    def __init__(self, *, check_timeout: float = 2.0) -> None:
        """`check_timeout` is in seconds, for each check."""
        self._checks: dict[str, Check] = {}
        self._check_timeout = check_timeout
        self._last_beat = time.monotonic()
        self._stopping = False

    def add_check(self, name: str, check: Check) -> None:
        """From now on, readiness needs this check to pass."""
        self._checks[name] = check

    def stopping(self) -> None:
        """Unready from now on: no new work is wanted."""
        self._stopping = True

    @property
    def is_stopping(self) -> bool:
        """True once the process is on its way out."""
        return self._stopping

    @property
    def alive(self) -> bool:
        """False when the event loop has not turned for a while."""
        return time.monotonic() - self._last_beat < HEARTBEAT_STALE_SECONDS

    async def beat(self, stop: asyncio.Event) -> None:
        """The heartbeat: runs beside the work until `stop`."""
        while not stop.is_set():
            self._last_beat = time.monotonic()
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await stop.wait()
            except TimeoutError:
                continue

    async def unready(self) -> dict[str, str]:
        """What keeps this process from working, by check; empty when it is ready."""
        if self._stopping:
            return {"process": "shutting down"}
        names = list(self._checks)
        findings = await asyncio.gather(*(self._run(name) for name in names))
        return {name: finding for name, finding in zip(names, findings, strict=True) if finding is not None}

    async def _run(self, name: str) -> str | None:
        try:
            async with asyncio.timeout(self._check_timeout):
                return await self._checks[name]()
        except TimeoutError:
            return "no answer in time"
        except Exception as error:  # noqa: BLE001 - any failure of a check means unready, and is logged
            log.warning("readiness check failed", check=name, error=type(error).__name__)
            return "failed"
