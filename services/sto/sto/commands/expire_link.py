"""A link's time runs out."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.db import Transaction
from chassis.timers import Timers
from sto import events
from sto.db.centers import find_center
from sto.db.links import lock_link, save_link
from sto.domain.link import CarLink

LINK_EXPIRY: Final = "link-expiry"


async def watch_expiry(tx: Transaction, timers: Timers, link: CarLink) -> None:
    """Sets, moves or removes the link's timer, as its state needs."""
    if link.due_at is None:
        await timers.cancel(tx, LINK_EXPIRY, link.id)
    else:
        await timers.schedule(tx, LINK_EXPIRY, link.id, link.due_at)


async def expire_link(tx: Transaction, *, link_id: UUID, due_at: datetime) -> None:
    """Ends the link if it was due then; one that was decided meanwhile, or is due later now, is left alone."""
    link = await lock_link(tx, link_id)
    if link is None or link.due_at is None or link.due_at > due_at:
        return
    center = await find_center(tx, link.center_id)
    if center is None:
        raise LookupError(f"the center of link {link_id} is gone")
    expired = link.expired(due_at)
    await save_link(tx, expired)
    tx.record(events.link_changed(expired, center.profile.name, events.SYSTEM, due_at))
