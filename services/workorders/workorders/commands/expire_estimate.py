from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from workorders.commands.change import save_change
from workorders.db.repository import lock_order
from workorders.domain.expire import expire


async def expire_estimate(tx: Transaction, *, order_id: UUID, now: datetime) -> None:
    """The estimate's time is over. Nothing happens when it was decided, withdrawn or replaced meanwhile."""
    stored = await lock_order(tx, order_id, user_id=None)
    if stored is None:
        return
    facts = expire(stored.order, now)
    if facts:
        await save_change(tx, stored, facts)
