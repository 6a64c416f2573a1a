from __future__ import annotations

from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from workorders.commands.change import Change, Request
from workorders.domain import edit
from workorders.domain.lines import ProductTerms
from workorders.domain.work_order import WorkOrder


async def add_product(
    tx: Transaction, request: Request, *, job_id: UUID, terms: ProductTerms
) -> tuple[WorkOrder, UUID]:
    """Adds a part, fluid or material to a job. Returns the line's id as well."""
    change = await Change.of(tx, request)
    line_id = new_id()
    edit.add_product(change.order, change.person, job_id, line_id, terms)
    return await change.save(), line_id
