from __future__ import annotations

from datetime import datetime
from typing import Final

from chassis.db import Transaction
from chassis.timers import Timers
from workorders.canonical import seal
from workorders.commands.change import Change, Request
from workorders.domain import send_estimate as domain
from workorders.domain.estimate import VALIDITY
from workorders.domain.work_order import WorkOrder

ESTIMATE_EXPIRY: Final = "estimate-expiry"
"""The timer of an order's latest estimate version; a newer version moves it."""


async def send_estimate(
    tx: Transaction, request: Request, *, discount: int, tolerance: int | None, now: datetime, timers: Timers
) -> WorkOrder:
    """Freezes what is to be decided as the next version, puts it to the owner and sets its time limit."""
    change = await Change.of(tx, request)
    facts = domain.send_estimate(change.order, change.person, now, discount=discount, tolerance=tolerance, seal=seal)
    order = await change.save(facts)
    await timers.schedule(tx, ESTIMATE_EXPIRY, order.id, now + VALIDITY)
    return order
