"""Which services are away. The gateway stays ready for the rest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from gateway.connection import UpstreamError
from gateway.routing import Upstream
from gateway.upstream import UpstreamService

_PATH = "/readyz"
_TIMEOUT = 1.0
_LIMIT = 65_536
_MAX_AGE = 1.0
_OK = 200


class Readiness:
    """Asks the services, at most once a second however often it is asked itself."""

    def __init__(self, upstreams: Mapping[Upstream, UpstreamService]) -> None:
        self._upstreams = upstreams
        self._away: dict[str, str] = {}
        self._good_until = 0.0
        self._asking = asyncio.Lock()

    async def away(self) -> dict[str, str]:
        """The services that are away, and why."""
        async with self._asking:
            if time.monotonic() >= self._good_until:
                found = await asyncio.gather(*(self._ask(service) for service in self._upstreams.values()))
                self._away = {name: why for name, why in zip(self._upstreams, found, strict=True) if why}
                self._good_until = time.monotonic() + _MAX_AGE
            return dict(self._away)

    async def all_away(self) -> str | None:
        """The readiness check of the process."""
        return "every service is away" if len(await self.away()) == len(self._upstreams) else None

    async def _ask(self, service: UpstreamService) -> str:
        try:
            status, _ = await service.fetch(_PATH, within=_TIMEOUT, limit=_LIMIT)
        except TimeoutError:
            return "no answer in time"
        except UpstreamError:
            return "cannot be reached"
        return "" if status == _OK else "not ready"
