"""One-time links by which owners share cars."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, insert, select, text, tuple_, update

from chassis.db import Transaction
from chassis.http import Position
from owners.db.bulk import columns_of
from owners.db.models import access_invitation
from owners.domain.sharing import AccessInvitation


async def insert_invitation(tx: Transaction, made: AccessInvitation) -> None:
    """Adds an invitation."""
    await tx.execute(insert(access_invitation).values(columns_of(made)))


async def find_invitation(
    tx: Transaction, car_id: UUID, invitation_id: UUID, now: datetime, *, lock: bool = False
) -> AccessInvitation | None:
    """An open invitation to the caller's own car; `lock` for a change."""
    found = _open(car_id, now).where(access_invitation.c.id == invitation_id)
    row = (await tx.execute(found.with_for_update() if lock else found)).one_or_none()
    return None if row is None else _invitation(row)


async def present_invitation(tx: Transaction, token_hash: bytes) -> AccessInvitation | None:
    """The invitation whose token hashes to this, locked. Presenting the hash is what makes the row visible."""
    await tx.execute(text("SELECT set_config('carpass.invitation_hash', :hash, true)"), {"hash": token_hash.hex()})
    wanted = select(access_invitation).where(access_invitation.c.token_hash == token_hash).with_for_update()
    row = (await tx.execute(wanted)).one_or_none()
    return None if row is None else _invitation(row)


async def list_invitations(
    tx: Transaction, car_id: UUID, now: datetime, *, after: Position | None, limit: int
) -> list[AccessInvitation]:
    """The open invitations to the caller's own car, the latest first."""
    columns = access_invitation.c
    found = _open(car_id, now)
    if after is not None:
        found = found.where(tuple_(columns.created_at, columns.id) < after)
    rows = await tx.execute(found.order_by(columns.created_at.desc(), columns.id.desc()).limit(limit))
    return [_invitation(row) for row in rows]


async def spend_invitation(tx: Transaction, spent: AccessInvitation) -> None:
    """Writes who accepted a locked invitation."""
    settled = {"accepted_by": spent.accepted_by, "accepted_at": spent.accepted_at}
    await tx.execute(update(access_invitation).where(access_invitation.c.id == spent.id).values(settled))


async def withdraw_invitation(tx: Transaction, invitation_id: UUID, now: datetime) -> None:
    """Ends a locked invitation."""
    one = update(access_invitation).where(access_invitation.c.id == invitation_id)
    await tx.execute(one.values(withdrawn_at=now))


async def withdraw_invitations_of(tx: Transaction, owner_id: UUID, now: datetime) -> None:
    """Ends all open invitations to this owner's cars."""
    columns = access_invitation.c
    unsettled = (columns.accepted_at.is_(None), columns.withdrawn_at.is_(None))
    await tx.execute(update(access_invitation).where(columns.owner_id == owner_id, *unsettled).values(withdrawn_at=now))


async def withdraw_invitations_to(tx: Transaction, car_id: UUID, now: datetime) -> None:
    """Ends all open invitations to the caller's own car."""
    columns = access_invitation.c
    unsettled = (columns.accepted_at.is_(None), columns.withdrawn_at.is_(None))
    await tx.execute(update(access_invitation).where(columns.car_id == car_id, *unsettled).values(withdrawn_at=now))


def _open(car_id: UUID, now: datetime) -> Select[Any]:
    columns = access_invitation.c
    return select(access_invitation).where(
        columns.car_id == car_id,
        columns.accepted_at.is_(None),
        columns.withdrawn_at.is_(None),
        columns.expires_at > now,
    )


def _invitation(row: Row[Any]) -> AccessInvitation:
    return AccessInvitation(**row._mapping)  # noqa: SLF001 -- SQLAlchemy's documented name
