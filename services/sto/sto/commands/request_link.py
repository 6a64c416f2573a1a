"""A center asks a car's owner for access."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from chassis.problems import NotFound
from chassis.timers import Timers
from sto import events
from sto.commands.authorisation import staff
from sto.commands.expire_link import watch_expiry
from sto.db.links import find_car, insert_link
from sto.domain.center import ServiceCenter
from sto.domain.errors import LinkAlreadyOpen
from sto.domain.link import CarLink, LinkScope, request
from sto.domain.permissions import Action


async def request_link(
    tx: Transaction,
    timers: Timers,
    *,
    center_id: UUID,
    car_id: UUID,
    caller_id: UUID,
    scopes: tuple[LinkScope, ...],
    expires_at: datetime | None,
    now: datetime,
) -> tuple[CarLink, ServiceCenter]:
    """The requested link. An unknown car and an archived one are refused alike, after a moment's patience."""
    center, employee = await staff(tx, center_id, caller_id, Action.REQUEST_LINK)
    center.demand_approved()
    car = await find_car(tx, car_id)
    if car is None or car.archived:
        raise NotFound("There is no such car. Ask its owner for its id.", read_model=True)
    link = request(
        car,
        link_id=new_id(),
        center_id=center_id,
        scopes=scopes,
        requested_by=caller_id,
        now=now,
        expires_at=expires_at,
    )
    if not await insert_link(tx, link):
        raise LinkAlreadyOpen("The center has asked for this car already.")
    await watch_expiry(tx, timers, link)
    tx.record(events.link_changed(link, center.profile.name, events.acting(employee), now))
    return link, center
