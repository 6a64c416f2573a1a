"""The merged OpenAPI document of the services that are there now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import orjson
import structlog

from gateway.connection import UpstreamError
from gateway.openapi import Ambiguous, Json, merge, only_paths
from gateway.routing import Router, Upstream
from gateway.upstream import UpstreamService

_PATH = "/openapi.json"
_TIMEOUT = 2.0
_LIMIT = 4 << 20
_MISSING_MAX_AGE = 2.0
_OK = 200

log: structlog.stdlib.BoundLogger = structlog.get_logger("gateway.openapi")


class LiveDocument:
    """Fetched from the services and kept for a while; the last known part stands in for a service that is away."""

    def __init__(self, upstreams: Mapping[Upstream, UpstreamService], router: Router, *, max_age: float) -> None:
        """`max_age` is in seconds."""
        self._upstreams = upstreams
        self._router = router
        self._max_age = max_age
        self._parts: dict[str, Json] = {}
        self._merged = b""
        self._good_until = 0.0
        self._looking = asyncio.Lock()

    async def get(self) -> bytes:
        """The document as JSON; `x-carpass-missing` names the services that it does not know."""
        async with self._looking:
            if time.monotonic() >= self._good_until:
                await self._look_again()
            return self._merged

    async def _look_again(self) -> None:
        answered = await asyncio.gather(*(self._fetch(upstream) for upstream in self._upstreams))
        missing = sorted(set(self._upstreams) - set(self._parts))
        document = merge(self._parts)
        if missing:
            document["x-carpass-missing"] = missing
            document["info"]["description"] += f" Missing here, as they are away: {', '.join(missing)}."
        self._merged = orjson.dumps(document)
        self._good_until = time.monotonic() + (self._max_age if all(answered) else _MISSING_MAX_AGE)

    async def _fetch(self, upstream: Upstream) -> bool:
        try:
            status, body = await self._upstreams[upstream].fetch(_PATH, within=_TIMEOUT, limit=_LIMIT)
            if status != _OK:
                return False
            part = only_paths(orjson.loads(body), lambda path: self._served_by(path) == upstream)
            merge(self._parts | {upstream: part})
        except (UpstreamError, TimeoutError, ValueError, TypeError, AttributeError, Ambiguous) as error:
            log.warning("no OpenAPI document", upstream=upstream, error=type(error).__name__)
            return False
        self._parts[upstream] = part
        return True

    def _served_by(self, path: str) -> Upstream | None:
        concrete = "/".join("x" if segment.startswith("{") else segment for segment in path.split("/"))
        route = self._router.find(concrete)
        return None if route is None else route.upstream
