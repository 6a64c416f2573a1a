"""Snapshots: written once, with their completion, and read as they were written."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from chassis.db import Transaction
from workorders.db.models import snapshot


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """The canonical text that was hashed, byte by byte."""

    content: str
    sha256: str


async def find_snapshot(tx: Transaction, order_id: UUID) -> StoredSnapshot | None:
    """The snapshot of an order that the person sees."""
    wanted = select(snapshot.c.content, snapshot.c.sha256).where(snapshot.c.work_order_id == order_id)
    row = (await tx.execute(wanted)).one_or_none()
    return None if row is None else StoredSnapshot(row.content, row.sha256)
