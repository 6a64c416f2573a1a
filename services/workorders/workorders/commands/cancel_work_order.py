from __future__ import annotations

from datetime import datetime

from chassis.db import Transaction
from workorders.commands.change import Change, Request
from workorders.domain.cancel import cancel
from workorders.domain.work_order import WorkOrder


async def cancel_work_order(tx: Transaction, request: Request, *, reason: str, now: datetime) -> WorkOrder:
    """Ends the order before completion."""
    change = await Change.of(tx, request)
    return await change.save(cancel(change.order, change.person, now, reason=reason))
