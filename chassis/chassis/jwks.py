"""The public keys of the token issuer, fetched over HTTP and kept on disk, so that its absence hurts nobody."""

from __future__ import annotations

import asyncio
import base64
import os
import tempfile
import time
from pathlib import Path
from typing import Any, Self

import aiohttp
import orjson
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from chassis.problems import Unavailable
from chassis.settings import ServiceSettings

_MAX_DOCUMENT_BYTES = 65_536
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError)

log: structlog.stdlib.BoundLogger = structlog.get_logger("chassis.jwks")


class RemoteKeys:
    """A KeySource over a JWKS endpoint. A kid that it does not know makes it look again, at most so often."""

    def __init__(self, url: str, *, cache: Path, timeout: float, refetch_interval: float, max_age: float) -> None:
        """All durations in seconds. After `max_age` keys are looked up anew, so that a withdrawn one goes."""
        self._url = url
        self._cache = cache
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._refetch_interval = refetch_interval
        self._max_age = max_age
        self._keys: dict[str, Ed25519PublicKey] | None = None
        self._fetching = asyncio.Lock()
        self._attempted_at = -float("inf")
        self._fetched_at = -float("inf")
        self._reachable = False
        self._refresh: asyncio.Task[dict[str, Ed25519PublicKey]] | None = None

    @classmethod
    def from_settings(cls, settings: ServiceSettings) -> Self:
        """Keys of `jwks_url`, cached in `state_dir`."""
        return cls(
            settings.jwks_url,
            cache=settings.state_dir / "jwks.json",
            timeout=settings.jwks_timeout,
            refetch_interval=settings.jwks_refetch_interval,
            max_age=settings.jwks_max_age,
        )

    async def key(self, kid: str) -> Ed25519PublicKey | None:
        """The key of this id; None when the issuer has no such key; raises Unavailable when it cannot be asked."""
        keys = self._keys if self._keys is not None else await self._from_disk()
        found = keys.get(kid)
        if found is None:
            found = (await self._look_again()).get(kid)
            if found is None and not self._reachable:
                raise Unavailable("Sign-ins cannot be checked right now.")
        elif time.monotonic() - self._fetched_at > self._max_age and self._may_fetch():
            self._refresh = asyncio.create_task(self._look_again(), name="jwks-refresh")
        return found

    def _may_fetch(self) -> bool:
        return not self._fetching.locked() and time.monotonic() - self._attempted_at >= self._refetch_interval

    async def _from_disk(self) -> dict[str, Ed25519PublicKey]:
        async with self._fetching:
            if self._keys is None:  # who came later must not put the old file's keys over freshly fetched ones
                self._keys = await asyncio.to_thread(_read_cache, self._cache)
            return self._keys

    async def _look_again(self) -> dict[str, Ed25519PublicKey]:
        async with self._fetching:
            if time.monotonic() - self._attempted_at >= self._refetch_interval:
                await self._refetch()
            return self._keys or {}

    async def _refetch(self) -> None:
        self._attempted_at = time.monotonic()
        try:
            document = await self._fetch()
            self._keys = parse_jwks(document)
        except (aiohttp.ClientError, OSError, TimeoutError, *_UNREADABLE) as error:
            self._reachable = False
            log.warning("public keys cannot be fetched", error=type(error).__name__)
            return
        self._reachable = True
        self._fetched_at = time.monotonic()
        await asyncio.to_thread(_write_cache, self._cache, document)

    async def _fetch(self) -> bytes:
        async with (
            aiohttp.ClientSession(timeout=self._timeout) as session,
            session.get(self._url, allow_redirects=False) as response,
        ):
            response.raise_for_status()
            document = b""
            async for chunk in response.content.iter_any():
                document += chunk
                if len(document) > _MAX_DOCUMENT_BYTES:
                    raise ValueError("too large for a JWKS")
            return document


def parse_jwks(document: bytes) -> dict[str, Ed25519PublicKey]:
    """The Ed25519 keys of a JWKS by id; other kinds of keys are none of our business. Raises ValueError and kin."""
    return {
        str(entry["kid"]): _public_key(entry)
        for entry in orjson.loads(document)["keys"]
        if entry.get("kty") == "OKP" and entry.get("crv") == "Ed25519"
    }


def _public_key(entry: dict[str, Any]) -> Ed25519PublicKey:
    text = str(entry["x"])
    return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def _read_cache(path: Path) -> dict[str, Ed25519PublicKey]:
    try:
        return parse_jwks(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, *_UNREADABLE) as error:
        log.warning("the cache of public keys cannot be read", error=type(error).__name__)
        return {}


def _write_cache(path: Path, document: bytes) -> None:
    """Atomically: a reader or a crash sees the old file or the new one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        with os.fdopen(handle, "wb") as file:
            file.write(document)
        Path(temporary).replace(path)
    except OSError as error:
        log.warning("the cache of public keys cannot be written", error=type(error).__name__)
