from __future__ import annotations

from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from workorders.commands.change import Change, Request
from workorders.commands.require_employee import require_employee
from workorders.domain import edit
from workorders.domain.lines import LaborTerms
from workorders.domain.work_order import WorkOrder


async def add_labor(tx: Transaction, request: Request, *, job_id: UUID, terms: LaborTerms) -> tuple[WorkOrder, UUID]:
    """Adds work to a job; its mechanic is thereby assigned to the order. Returns the line's id as well."""
    change = await Change.of(tx, request)
    line_id = new_id()
    edit.add_labor(change.order, change.person, job_id, line_id, terms)
    await require_employee(tx, change.order.center_id, terms.mechanic_id)
    return await change.save(), line_id
