"""People with access tokens that a test's own key signed, as owners would sign them."""

import time
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis.auth import AUDIENCE, ISSUER, TOKEN_TYPE, LocalKeys

KEY_ID = "test-key"
SIGNING_KEY = Ed25519PrivateKey.generate()
PUBLIC_KEYS = LocalKeys({KEY_ID: SIGNING_KEY.public_key()})
"""What an application under test is given as `keys`."""


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in for 15 minutes."""

    user_id: UUID = field(default_factory=uuid4)

    @property
    def headers(self) -> dict[str, str]:
        """For a read."""
        return {"Authorization": f"Bearer {self._token()}"}

    def acting(self, *, key: str | None = None, version: int | None = None) -> dict[str, str]:
        """For a command: with an Idempotency-Key, and If-Match when there is a version."""
        match = {} if version is None else {"If-Match": f'"{version}"'}
        return {**self.headers, "Idempotency-Key": key or str(uuid4()), **match}

    def _token(self) -> str:
        expires = int(time.time()) + 900
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": str(self.user_id), "sid": str(uuid4()), "exp": expires}
        return jwt.encode(claims, SIGNING_KEY, algorithm="EdDSA", headers={"kid": KEY_ID, "typ": TOKEN_TYPE})
