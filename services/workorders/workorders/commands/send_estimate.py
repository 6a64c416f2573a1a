from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chassis.db import Transaction
from chassis.timers import Timers
from workorders.canonical import seal
from workorders.commands.change import Change, Request
from workorders.commands.expire_estimate import ESTIMATE_EXPIRY, expiry_subject
from workorders.domain import send_estimate as domain
from workorders.domain.money import Money
from workorders.domain.work_order import WorkOrder


@dataclass(frozen=True, slots=True)
class Offer:
    """The terms of an estimate version beside its jobs. No tolerance: what was agreed before goes on."""

    discount: Money | None
    tolerance: Money | None


async def send_estimate(tx: Transaction, request: Request, timers: Timers, *, offer: Offer, now: datetime) -> WorkOrder:
    """Freezes what is to be decided as the next version, puts it to the owner and sets its time limit."""
    change = await Change.of(tx, request)
    estimate, facts = domain.send_estimate(
        change.order, change.person, now, discount=offer.discount, tolerance=offer.tolerance, seal=seal
    )
    order = await change.save(facts)
    await timers.schedule(tx, ESTIMATE_EXPIRY, expiry_subject(order.id, estimate), estimate.valid_until)
    return order
