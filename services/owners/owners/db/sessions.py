"""Accepted sign-ins, sessions and their refresh tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import delete, insert, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.db import Transaction
from owners.db.models import refresh_token, session, sign_in_proof

_FORGET_PROOFS: Final = text(
    """
    DELETE FROM sign_in_proof WHERE fingerprint IN (
        SELECT fingerprint FROM sign_in_proof WHERE forget_at < :now ORDER BY forget_at LIMIT 100)
    """
)


@dataclass(frozen=True, slots=True)
class PresentedToken:
    """A refresh token that somebody shows, with the session it belongs to."""

    session_id: UUID
    user_id: UUID
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


async def accept_proof(tx: Transaction, fingerprint: bytes, *, forget_at: datetime, now: datetime) -> bool:
    """False when this proof was accepted before. Proofs that are too old to be shown again are forgotten."""
    await tx.execute(_FORGET_PROOFS, {"now": now})
    new = (
        upsert(sign_in_proof)
        .values(fingerprint=fingerprint, forget_at=forget_at)
        .on_conflict_do_nothing()
        .returning(sign_in_proof.c.fingerprint)
    )
    return (await tx.execute(new)).first() is not None


async def open_session(tx: Transaction, session_id: UUID, user_id: UUID, now: datetime) -> None:
    """Begins a session; those of the same person that nothing can refresh any more go."""
    alive = (
        select(literal(1)).where(refresh_token.c.session_id == session.c.id, refresh_token.c.expires_at > now).exists()
    )
    await tx.execute(delete(session).where(session.c.user_id == user_id, ~alive))
    await tx.execute(insert(session).values(id=session_id, user_id=user_id, created_at=now))


async def add_refresh_token(
    tx: Transaction, digest: bytes, session_id: UUID, *, issued_at: datetime, expires_at: datetime
) -> None:
    """Adds a token to the session; those of it that have expired go."""
    expired = (refresh_token.c.session_id == session_id, refresh_token.c.expires_at < issued_at)
    await tx.execute(delete(refresh_token).where(*expired))
    values = {"digest": digest, "session_id": session_id, "issued_at": issued_at, "expires_at": expires_at}
    await tx.execute(insert(refresh_token).values(values))


async def present_refresh_token(tx: Transaction, digest: bytes) -> PresentedToken | None:
    """The token and its session, whose row is locked: two who show the same token come one after the other."""
    columns = (
        refresh_token.c.session_id,
        session.c.user_id,
        refresh_token.c.expires_at,
        refresh_token.c.used_at,
        session.c.revoked_at,
    )
    locked = (
        select(session.c.id)
        .join(refresh_token, refresh_token.c.session_id == session.c.id)
        .where(refresh_token.c.digest == digest)
        .with_for_update(of=session)
    )
    if (await tx.execute(locked)).first() is None:
        return None
    # A second look: the first one may have waited, and shows the token as it was before.
    shown = select(*columns).join(session, session.c.id == refresh_token.c.session_id)
    row = (await tx.execute(shown.where(refresh_token.c.digest == digest))).mappings().one_or_none()
    return None if row is None else PresentedToken(**{str(name): value for name, value in row.items()})


async def spend_refresh_token(tx: Transaction, digest: bytes, now: datetime) -> None:
    """Marks it as used."""
    await tx.execute(update(refresh_token).where(refresh_token.c.digest == digest).values(used_at=now))


async def revoke_session(
    tx: Transaction, session_id: UUID, *, user_id: UUID, because: Literal["logout", "reuse"], now: datetime
) -> None:
    """Ends a session of that user, and with it every refresh token of its family."""
    open_one = (session.c.id == session_id, session.c.user_id == user_id, session.c.revoked_at.is_(None))
    await tx.execute(update(session).where(*open_one).values(revoked_at=now, revoked_because=because))


async def remove_sessions(tx: Transaction, user_id: UUID) -> None:
    """Removes all sessions of a person, tokens included."""
    await tx.execute(delete(session).where(session.c.user_id == user_id))
