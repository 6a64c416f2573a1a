"""Somebody with an access token, and the public key by which everybody verifies it."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID, uuid4

import jwt
import orjson
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis.auth import ALGORITHM, AUDIENCE, ISSUER, TOKEN_TYPE

_KEY_ID: Final = "bench"
_VALID_SECONDS: Final = 7200
JWKS_PATH: Final = "/.well-known/jwks.json"


@dataclass(frozen=True, slots=True)
class Issuer:
    """Signs as owners does, and serves its public key."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def token(self, user_id: UUID, kid: str = _KEY_ID) -> str:
        """An access token; longer valid than owners would make it."""
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "sid": str(uuid4()),
            "exp": int(time.time()) + _VALID_SECONDS,
        }
        return jwt.encode(claims, self.key, algorithm=ALGORITHM, headers={"kid": kid, "typ": TOKEN_TYPE})

    def authorization(self, user_id: UUID, kid: str = _KEY_ID) -> dict[str, str]:
        """The header of that user's requests."""
        return {"Authorization": f"Bearer {self.token(user_id, kid)}"}

    @property
    def public_key(self) -> bytes:
        """For a baseline that is given it directly."""
        return self.key.public_key().public_bytes_raw()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """The URL of the JWKS, as long as the block runs."""
        x = base64.urlsafe_b64encode(self.public_key).rstrip(b"=").decode()
        document = orjson.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": _KEY_ID, "x": x}]})

        async def answer(_: web.BaseRequest) -> web.Response:
            return web.Response(body=document, content_type="application/json")

        runner = web.ServerRunner(web.Server(answer))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            host, port, *_ = runner.addresses[0]
            yield f"http://{host}:{port}{JWKS_PATH}"
        finally:
            await runner.cleanup()
