import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis.auth import ALGORITHM, AUDIENCE, ISSUER, TOKEN_TYPE

KID = "test-key"

type NewPerson = Callable[[], Person]


def claims(user_id: UUID) -> dict[str, Any]:
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(user_id),
        "sid": str(uuid4()),
        "exp": int(time.time()) + 900,
    }


@dataclass(frozen=True)
class Person:
    """Somebody with an access token."""

    user_id: UUID
    token: str

    @classmethod
    def signed_in(cls, key: Ed25519PrivateKey) -> Self:
        user_id = uuid4()
        headers = {"kid": KID, "typ": TOKEN_TYPE}
        return cls(user_id, jwt.encode(claims(user_id), key, algorithm=ALGORITHM, headers=headers))

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def acting(self, key: str | None = None) -> dict[str, str]:
        return {**self.headers, "Idempotency-Key": key or str(uuid4())}
