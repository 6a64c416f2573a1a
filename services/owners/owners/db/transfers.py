"""Offers of cars to their next owners."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, insert, select, text, tuple_, update

from chassis.db import Transaction
from chassis.http import Position
from owners.db.bulk import columns_of
from owners.db.models import car_transfer
from owners.domain.transfer import CarTransfer

_UNSETTLED = and_(car_transfer.c.accepted_at.is_(None), car_transfer.c.withdrawn_at.is_(None))


async def insert_transfer(tx: Transaction, offered: CarTransfer) -> None:
    """Adds an offer; the car has no other one that is not settled."""
    await tx.execute(insert(car_transfer).values(columns_of(offered)))


async def find_unsettled(tx: Transaction, car_id: UUID, *, lock: bool = False) -> CarTransfer | None:
    """The offer of the caller's own car, its time over or not; `lock` for a change."""
    found = select(car_transfer).where(car_transfer.c.car_id == car_id, _UNSETTLED)
    return _one((await tx.execute(found.with_for_update() if lock else found)).one_or_none())


async def present_transfer(tx: Transaction, token_hash: bytes) -> CarTransfer | None:
    """The offer whose token hashes to this. Presenting the hash is what makes the row visible."""
    await tx.execute(text("SELECT set_config('carpass.transfer_hash', :hash, true)"), {"hash": token_hash.hex()})
    return _one((await tx.execute(select(car_transfer).where(car_transfer.c.token_hash == token_hash))).one_or_none())


async def find_transfer(tx: Transaction, transfer_id: UUID, *, lock: bool = False) -> CarTransfer | None:
    """An offer by the caller or to the caller."""
    found = select(car_transfer).where(car_transfer.c.id == transfer_id)
    return _one((await tx.execute(found.with_for_update() if lock else found)).one_or_none())


async def list_transfers_to(
    tx: Transaction, user_id: UUID, now: datetime, *, after: Position | None, limit: int
) -> list[CarTransfer]:
    """The open offers to this person, the latest first."""
    columns = car_transfer.c
    found = select(car_transfer).where(columns.recipient_id == user_id, _UNSETTLED, columns.expires_at > now)
    if after is not None:
        found = found.where(tuple_(columns.created_at, columns.id) < after)
    rows = await tx.execute(found.order_by(columns.created_at.desc(), columns.id.desc()).limit(limit))
    return [CarTransfer(**row._mapping) for row in rows]  # noqa: SLF001 -- SQLAlchemy's documented name


async def save_settled(tx: Transaction, settled: CarTransfer) -> None:
    """Writes who accepted a locked offer."""
    values = {"accepted_by": settled.accepted_by, "accepted_at": settled.accepted_at}
    await tx.execute(update(car_transfer).where(car_transfer.c.id == settled.id).values(values))


async def withdraw_transfer(tx: Transaction, transfer_id: UUID, now: datetime) -> None:
    """Ends a locked offer."""
    await tx.execute(update(car_transfer).where(car_transfer.c.id == transfer_id).values(withdrawn_at=now))


async def withdraw_transfers_of(tx: Transaction, owner_id: UUID, now: datetime) -> None:
    """Ends all offers of this owner's cars."""
    mine = update(car_transfer).where(car_transfer.c.owner_id == owner_id, _UNSETTLED)
    await tx.execute(mine.values(withdrawn_at=now))


def _one(row: Row[Any] | None) -> CarTransfer | None:
    return None if row is None else CarTransfer(**row._mapping)  # noqa: SLF001 -- SQLAlchemy's documented name
