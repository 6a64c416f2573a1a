from __future__ import annotations

from datetime import datetime

from chassis.db import Transaction
from workorders.commands.change import Change, Request
from workorders.domain.finish import mark_ready
from workorders.domain.work_order import WorkOrder


async def mark_as_ready(tx: Transaction, request: Request, *, now: datetime) -> WorkOrder:
    """The car can be handed over."""
    change = await Change.of(tx, request)
    return await change.save(mark_ready(change.order, change.person, now))
