from __future__ import annotations

from chassis.db import Transaction
from chassis.ids import new_id
from workorders.commands.change import Change, Request
from workorders.domain.edit import add_job as propose
from workorders.domain.job import Job
from workorders.domain.work_order import WorkOrder


async def add_job(tx: Transaction, request: Request, *, title: str) -> tuple[WorkOrder, Job]:
    """Adds a job without lines."""
    change = await Change.of(tx, request)
    job = propose(change.order, change.person, new_id(), title)
    return await change.save(), job
