from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.db import Transaction
from workorders.commands.change import save_change
from workorders.db.loading import lock_order
from workorders.domain.estimate import Estimate
from workorders.domain.expire import expire

ESTIMATE_EXPIRY: Final = "estimate-expiry"


def expiry_subject(order_id: UUID, estimate: Estimate) -> str:
    """A timer for each version: whoever sends one waits for no timer that is running out."""
    return f"{order_id}/{estimate.version}"


def order_and_version(subject: str) -> tuple[UUID, int]:
    """What `expiry_subject` was made of."""
    order_id, _, version = subject.partition("/")
    return UUID(order_id), int(version)


async def expire_estimate(tx: Transaction, *, order_id: UUID, version: int, now: datetime) -> None:
    """The version's time is over. Nothing happens when it was decided, withdrawn or replaced meanwhile."""
    stored = await lock_order(tx, order_id, user_id=None)
    if stored is None:
        return
    facts = expire(stored.order, version, now)
    if facts:
        await save_change(tx, stored, facts)
