"""Ends the caller's session."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from owners.db.sessions import revoke_session


async def log_out(tx: Transaction, *, user_id: UUID, session_id: UUID, now: datetime) -> None:
    """No refresh token of the session works any more; an access token lives on until it expires, 15 min at most."""
    await revoke_session(tx, session_id, user_id=user_id, because="logout", now=now)
