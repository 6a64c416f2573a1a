from __future__ import annotations

from datetime import datetime

from chassis.db import Transaction
from workorders.commands.change import Change, Request
from workorders.domain.finish import reopen
from workorders.domain.work_order import WorkOrder


async def reopen_work(tx: Transaction, request: Request, *, reason: str | None, now: datetime) -> WorkOrder:
    """A ready order is taken up again."""
    change = await Change.of(tx, request)
    return await change.save(reopen(change.order, change.person, now, reason=reason))
