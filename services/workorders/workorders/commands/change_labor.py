from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from chassis.db import Transaction
from workorders.commands.change import Change, Request
from workorders.commands.require_employee import require_employee
from workorders.domain import edit
from workorders.domain.work_order import WorkOrder


async def change_labor(
    tx: Transaction, request: Request, *, job_id: UUID, line_id: UUID, changes: Mapping[str, Any]
) -> WorkOrder:
    """Changes the named terms of a labor line."""
    change = await Change.of(tx, request)
    line = change.order.job(job_id).labor_line(line_id)
    before, terms = line.terms, replace(line.terms, **changes)
    edit.change_line(change.order, change.person, job_id, line, terms)
    if terms.mechanic_id != before.mechanic_id:
        await require_employee(tx, change.order.center_id, terms.mechanic_id)
    return await change.save()
