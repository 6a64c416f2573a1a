"""Snapshots: written once, read as they were written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import insert, select

from chassis.db import Transaction
from workorders.db.models import snapshot
from workorders.db.rows import tenants
from workorders.domain.estimate import Document
from workorders.domain.work_order import WorkOrder


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """The canonical text that was hashed, byte by byte."""

    content: str
    sha256: str


_INSERT: Final = insert(snapshot)


async def insert_snapshot(tx: Transaction, order: WorkOrder, document: Document, completed_at: datetime) -> None:
    """Writes the snapshot of a completion, in its transaction."""
    values = {
        "car_id": order.car_id,
        "content": document.text,
        "sha256": document.sha256,
        "completed_at": completed_at,
    }
    await tx.execute(_INSERT, tenants(order) | values)


async def find_snapshot(tx: Transaction, order_id: UUID) -> StoredSnapshot | None:
    """The snapshot of an order that the person sees."""
    wanted = select(snapshot.c.content, snapshot.c.sha256).where(snapshot.c.work_order_id == order_id)
    row = (await tx.execute(wanted)).one_or_none()
    return None if row is None else StoredSnapshot(row.content, row.sha256)
