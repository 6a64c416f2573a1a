from __future__ import annotations

from uuid import UUID

from chassis.db import Transaction
from workorders.commands.change import Change, Request
from workorders.domain import edit
from workorders.domain.work_order import WorkOrder


async def remove_job(tx: Transaction, request: Request, *, job_id: UUID) -> WorkOrder:
    """Takes a job with its lines off the order."""
    change = await Change.of(tx, request)
    edit.remove_job(change.order, change.person, job_id)
    return await change.save()
