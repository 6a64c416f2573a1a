"""Exchanges a refresh token for the next one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from owners.db.sessions import (
    add_refresh_token,
    present_refresh_token,
    revoke_session,
    spend_refresh_token,
)
from owners.signin.tokens import REFRESH_LIFETIME, RefreshToken, refresh_digest


@dataclass(frozen=True, slots=True)
class RefreshedSession:
    """The session goes on with this token."""

    user_id: UUID
    session_id: UUID
    refresh_token: RefreshToken


async def refresh_session(tx: Transaction, presented: str, *, now: datetime) -> RefreshedSession | None:
    """None when the session is over. It returns and never raises, so that a revocation for reuse is committed.

    Each token works once: one that comes a second time was stolen, from its holder or by him, so the family ends.
    """
    digest = refresh_digest(presented)
    token = None if digest is None else await present_refresh_token(tx, digest)
    if digest is None or token is None or token.revoked_at is not None or token.expires_at <= now:
        return None
    if token.used_at is not None:
        await revoke_session(tx, token.session_id, user_id=token.user_id, because="reuse", now=now)
        return None
    await spend_refresh_token(tx, digest, now)
    following = RefreshToken.new()
    await add_refresh_token(tx, following.digest, token.session_id, issued_at=now, expires_at=now + REFRESH_LIFETIME)
    return RefreshedSession(token.user_id, token.session_id, following)
