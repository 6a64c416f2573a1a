from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from chassis.db import Transaction
from workorders.commands.change import Change, Request
from workorders.domain import edit
from workorders.domain.work_order import WorkOrder


async def change_product(
    tx: Transaction, request: Request, *, job_id: UUID, line_id: UUID, changes: Mapping[str, Any]
) -> WorkOrder:
    """Changes the named terms of a product line."""
    change = await Change.of(tx, request)
    line = change.order.job(job_id).product_line(line_id)
    edit.change_line(change.order, change.person, job_id, line, replace(line.terms, **changes))
    return await change.save()
