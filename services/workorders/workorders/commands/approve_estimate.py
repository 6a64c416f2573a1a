from __future__ import annotations

from datetime import datetime

from chassis.db import Transaction
from workorders.commands.change import Change, Request
from workorders.domain.decide import Choices, approve
from workorders.domain.work_order import WorkOrder


async def approve_estimate(
    tx: Transaction, request: Request, *, version: int, choices: Choices, now: datetime
) -> WorkOrder:
    """The car's owner, or a manager of the car, authorises or declines jobs of an estimate version."""
    change = await Change.of(tx, request)
    return await change.save(approve(change.order, change.person, now, version=version, choices=choices))
