"""A car's owner approves, declines or takes back a center's access."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from chassis.problems import Forbidden, NotFound
from chassis.timers import Timers
from sto import events
from sto.commands.expire_link import watch_expiry
from sto.db.centers import find_center
from sto.db.links import find_link, lock_link, save_link
from sto.domain.center import ServiceCenter
from sto.domain.link import CarLink, LinkScope


async def approve_link(
    tx: Transaction,
    timers: Timers,
    *,
    link_id: UUID,
    caller_id: UUID,
    scopes: tuple[LinkScope, ...] | None,
    now: datetime,
) -> tuple[CarLink, ServiceCenter]:
    """The link with all requested scopes, or with those named. A center suspended meanwhile gets nothing."""

    def approve(link: CarLink, center: ServiceCenter) -> CarLink:
        center.demand_approved()
        return link.approved(scopes, now)

    return await _decide(tx, timers, link_id, caller_id, now=now, decide=approve)


async def decline_link(
    tx: Transaction, timers: Timers, *, link_id: UUID, caller_id: UUID, now: datetime
) -> tuple[CarLink, ServiceCenter]:
    """The link, refused."""
    return await _decide(tx, timers, link_id, caller_id, now=now, decide=lambda link, _: link.declined(now))


async def revoke_link(
    tx: Transaction, timers: Timers, *, link_id: UUID, caller_id: UUID, now: datetime
) -> tuple[CarLink, ServiceCenter]:
    """The link, ended at once."""
    return await _decide(tx, timers, link_id, caller_id, now=now, decide=lambda link, _: link.revoked(now))


async def _decide(
    tx: Transaction,
    timers: Timers,
    link_id: UUID,
    caller_id: UUID,
    *,
    now: datetime,
    decide: Callable[[CarLink, ServiceCenter], CarLink],
) -> tuple[CarLink, ServiceCenter]:
    link = await lock_link(tx, link_id)
    if link is None or link.owner_id != caller_id:
        raise NotFound if await find_link(tx, link_id) is None else Forbidden("Only the car's owner decides.")
    center = await find_center(tx, link.center_id)
    if center is None:
        raise LookupError(f"the center of link {link_id} is gone")
    decided = decide(link, center)
    await save_link(tx, decided)
    await watch_expiry(tx, timers, decided)
    by = events.actor(caller_id, "car_owner")
    tx.record(events.link_changed(decided, center.profile.name, by, now))
    return decided, center
