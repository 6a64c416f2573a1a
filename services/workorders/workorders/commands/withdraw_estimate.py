from __future__ import annotations

from datetime import datetime

from chassis.db import Transaction
from workorders.commands.change import Change, Request
from workorders.domain.withdraw import withdraw
from workorders.domain.work_order import WorkOrder


async def withdraw_estimate(tx: Transaction, request: Request, *, reason: str | None, now: datetime) -> WorkOrder:
    """Takes the estimate back from the owner."""
    change = await Change.of(tx, request)
    return await change.save(withdraw(change.order, change.person, now, reason=reason))
