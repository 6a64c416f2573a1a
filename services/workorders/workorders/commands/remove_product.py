from __future__ import annotations

from uuid import UUID

from chassis.db import Transaction
from workorders.commands.change import Change, Request
from workorders.domain import edit
from workorders.domain.work_order import WorkOrder


async def remove_product(tx: Transaction, request: Request, *, job_id: UUID, line_id: UUID) -> WorkOrder:
    """Takes a product line off a job."""
    change = await Change.of(tx, request)
    line = change.order.job(job_id).product_line(line_id)
    edit.remove_product(change.order, change.person, job_id, line)
    return await change.save()
