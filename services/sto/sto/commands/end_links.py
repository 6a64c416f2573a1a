"""A car has another owner: what the one before allowed to centers is over."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from chassis.consuming import Received
from chassis.db import Transaction
from contracts.owners import CarEvent
from sto import events
from sto.db.centers import find_center
from sto.db.links import lock_links_of_earlier_owners, save_link


async def end_links(tx: Transaction, transfers: Mapping[UUID, Received[CarEvent]]) -> None:
    """Ends the open links of these cars that their owners of today did not make."""
    if not transfers:
        return
    for link in await lock_links_of_earlier_owners(tx, transfers):
        center = await find_center(tx, link.center_id)
        if center is None:
            raise LookupError(f"the center of link {link.id} is gone")
        cause = transfers[link.car_id]
        ended = link.owner_gone(cause.event.occurred_at)
        await save_link(tx, ended)
        event = events.link_changed(ended, center.profile.name, events.SYSTEM, cause.event.occurred_at)
        tx.record(event, cause=cause)
