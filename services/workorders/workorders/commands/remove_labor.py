from __future__ import annotations

from uuid import UUID

from chassis.db import Transaction
from workorders.commands.change import Change, Request
from workorders.domain import edit
from workorders.domain.work_order import WorkOrder


async def remove_labor(tx: Transaction, request: Request, *, job_id: UUID, line_id: UUID) -> WorkOrder:
    """Takes a labor line off a job."""
    change = await Change.of(tx, request)
    line = change.order.job(job_id).labor_line(line_id)
    edit.remove_labor(change.order, change.person, job_id, line)
    return await change.save()
