from __future__ import annotations

from datetime import datetime

from chassis.db import Transaction
from workorders.commands.change import Change, Request
from workorders.domain.pause import Pause, pause
from workorders.domain.work_order import WorkOrder


async def pause_work(tx: Transaction, request: Request, *, to: Pause, reason: str, now: datetime) -> WorkOrder:
    """Work stops: parts are missing, or something else."""
    change = await Change.of(tx, request)
    return await change.save(pause(change.order, change.person, now, to=to, reason=reason))
