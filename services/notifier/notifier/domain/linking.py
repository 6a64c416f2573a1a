"""One-time tokens that tie a Telegram chat to a user."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self
from uuid import UUID

LIFETIME = timedelta(minutes=10)
_TOKEN_BYTES = 24  # 32 characters of the alphabet that Telegram allows in a deep link


class TokenState(StrEnum):
    """What a token is good for."""

    VALID = "valid"
    USED = "used"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class LinkToken:
    """A token as it is stored: only its hash."""

    user_id: UUID
    expires_at: datetime
    used_at: datetime | None

    def state(self, now: datetime) -> TokenState:
        """Used beats expired: it says what happened."""
        if self.used_at is not None:
            return TokenState.USED
        return TokenState.EXPIRED if now >= self.expires_at else TokenState.VALID


@dataclass(frozen=True, slots=True, repr=False)
class IssuedToken:
    """A new token in the clear, for its user's eyes once."""

    token: str
    expires_at: datetime

    @classmethod
    def new(cls, now: datetime) -> Self:
        """Valid for ten minutes."""
        return cls(secrets.token_urlsafe(_TOKEN_BYTES), now + LIFETIME)

    def deep_link(self, bot_username: str) -> str:
        """The address that opens the bot with this token."""
        return f"https://t.me/{bot_username}?start={self.token}"


def token_hash(token: str) -> bytes:
    """What is stored of a token. It is random, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()
