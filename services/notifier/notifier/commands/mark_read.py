from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, update

from chassis.db import Transaction
from chassis.problems import NotFound
from notifier.db.models import notification


async def mark_read(tx: Transaction, user_id: UUID, notification_id: UUID, *, now: datetime) -> datetime:
    """When it was read first; raises NotFound (404)."""
    marked = await tx.execute(
        update(notification)
        .where(
            notification.c.id == notification_id,
            notification.c.user_id == user_id,
            notification.c.params.is_not(None),
        )
        .values(read_at=func.coalesce(notification.c.read_at, now))
        .returning(notification.c.read_at)
    )
    read_at: datetime | None = marked.scalar_one_or_none()
    if read_at is None:
        raise NotFound
    return read_at
