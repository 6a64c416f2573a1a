from __future__ import annotations

from datetime import datetime

from chassis.db import Transaction
from workorders.commands.change import Change, Request
from workorders.domain.start import start
from workorders.domain.work_order import WorkOrder


async def start_work(tx: Transaction, request: Request, *, now: datetime) -> WorkOrder:
    """Work on the authorised jobs begins."""
    change = await Change.of(tx, request)
    return await change.save(start(change.order, change.person, now))
