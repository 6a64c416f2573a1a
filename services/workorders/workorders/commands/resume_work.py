from __future__ import annotations

from datetime import datetime

from chassis.db import Transaction
from workorders.commands.change import Change, Request
from workorders.domain.pause import resume
from workorders.domain.work_order import WorkOrder


async def resume_work(tx: Transaction, request: Request, *, reason: str | None, now: datetime) -> WorkOrder:
    """Work goes on after a pause, or after a quality check that found something."""
    change = await Change.of(tx, request)
    return await change.save(resume(change.order, change.person, now, reason=reason))
