from __future__ import annotations

from uuid import UUID

from chassis.db import Transaction
from workorders.commands.change import Change, Request
from workorders.domain import edit
from workorders.domain.work_order import WorkOrder


async def rename_job(tx: Transaction, request: Request, *, job_id: UUID, title: str) -> WorkOrder:
    """Gives a job another title."""
    change = await Change.of(tx, request)
    edit.rename_job(change.order, change.person, job_id, title)
    return await change.save()
