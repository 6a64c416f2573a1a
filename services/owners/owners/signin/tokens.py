"""Access tokens (signed, short, checked by every service alone) and refresh tokens (opaque, kept as a hash here)."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import jwt

from chassis.auth import ALGORITHM, AUDIENCE, ISSUER, TOKEN_TYPE
from owners.signin.keys import KeyRing

ACCESS_LIFETIME: Final = timedelta(minutes=15)
"""A token cannot be called back: after a logout or an erasure it works on for at most this long."""
BOT_LIFETIME: Final = timedelta(minutes=5)
REFRESH_LIFETIME: Final = timedelta(days=30)

_REFRESH_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def access_token(keys: KeyRing, *, user_id: UUID, session_id: UUID, now: datetime, lifetime: timedelta) -> str:
    """A JWT (RFC 9068) that says who and in which session, and nothing about what he may do."""
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(user_id),
        "sid": str(session_id),
        "iat": now,
        "exp": now + lifetime,
    }
    key = keys.signing(now)
    return jwt.encode(claims, key.private, algorithm=ALGORITHM, headers={"typ": TOKEN_TYPE, "kid": key.kid})


@dataclass(frozen=True, slots=True, repr=False)
class RefreshToken:
    """A new refresh token: `text` for its holder, `digest` for the database."""

    text: str
    digest: bytes

    @classmethod
    def new(cls) -> RefreshToken:
        """256 random bits."""
        text = secrets.token_urlsafe(32)
        return cls(text, hashlib.sha256(text.encode()).digest())


def refresh_digest(text: str) -> bytes | None:
    """What the database knows a presented refresh token by; None when it cannot be one."""
    return hashlib.sha256(text.encode()).digest() if _REFRESH_TOKEN.fullmatch(text) else None
