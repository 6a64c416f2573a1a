from __future__ import annotations

from datetime import datetime

from chassis.db import Transaction
from workorders.commands.change import Change, Request
from workorders.domain.finish import check_quality
from workorders.domain.work_order import WorkOrder


async def submit_for_check(tx: Transaction, request: Request, *, now: datetime) -> WorkOrder:
    """The mechanic hands the work in for a second pair of eyes."""
    change = await Change.of(tx, request)
    return await change.save(check_quality(change.order, change.person, now))
