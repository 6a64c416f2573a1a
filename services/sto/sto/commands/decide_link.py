"""A car's owner, or a manager of the car, approves, declines or takes back a center's access."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from chassis.problems import Forbidden, NotFound, Problem
from chassis.timers import Timers
from contracts.event import Role
from sto import events
from sto.commands.expire_link import watch_expiry
from sto.db.centers import find_center
from sto.db.links import find_link, lock_link, manages_car, save_link
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
    role = None if link is None else await _role(tx, link, caller_id)
    if link is None or role is None:
        raise await _refusal(tx, link_id)
    center = await find_center(tx, link.center_id)
    if center is None:
        raise LookupError(f"the center of link {link_id} is gone")
    decided = decide(link, center)
    await save_link(tx, decided)
    await watch_expiry(tx, timers, decided)
    tx.record(events.link_changed(decided, center.profile.name, events.actor(caller_id, role), now))
    return decided, center


async def _role(tx: Transaction, link: CarLink, caller_id: UUID) -> Role | None:
    """In what capacity the caller decides; None: in none."""
    if link.owner_id == caller_id:
        return "car_owner"
    return "car_manager" if await manages_car(tx, link, caller_id) else None


async def _refusal(tx: Transaction, link_id: UUID) -> Problem:
    if await find_link(tx, link_id) is None:
        return NotFound(read_model=True)
    return Forbidden("Only the car's owner or a manager of the car decides.", read_model=True)
