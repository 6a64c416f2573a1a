from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from chassis.problems import NotFound
from workorders.db.directory import find_center, find_link, is_related_party, staff_role
from workorders.db.repository import insert_order, next_number
from workorders.domain.money import Pricing
from workorders.domain.open_order import Visit, open_order
from workorders.domain.people import Person
from workorders.domain.permissions import permit_opening
from workorders.domain.work_order import WorkOrder
from workorders.events import event_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What the center's staff say about the visit."""

    center_id: UUID
    car_id: UUID
    complaint: str | None
    four_eyes: bool


async def open_work_order(tx: Transaction, *, user_id: UUID, opening: Opening, now: datetime) -> WorkOrder:
    """A draft for a linked car, with the center's next number.

    Raises NotFound (404) for a center where the person does not work, and for a car that is not linked to it by its
    owner; NotPermitted.
    """
    role = await staff_role(tx, opening.center_id, user_id)
    center = await find_center(tx, opening.center_id)
    if role is None or center is None:
        raise NotFound(read_model=True)
    capacity = permit_opening(role)
    link = await find_link(tx, center.id, opening.car_id, now)
    if link is None:
        raise NotFound(read_model=True)
    visit = Visit(
        center_id=center.id,
        center_name=center.name,
        pricing=Pricing(center.currency, center.prices_include_tax),
        car_id=opening.car_id,
        car_label=link.car_label,
        owner_id=link.owner_id,
        staff_has_car=await is_related_party(tx, center.id, opening.car_id, link.owner_id),
    )
    actor = Person(user_id, role, owns_car=link.owner_id == user_id).acting_as(capacity)
    number = await next_number(tx, center.id)
    order, opened = open_order(
        new_id(), actor, now, number=number, visit=visit, complaint=opening.complaint, four_eyes=opening.four_eyes
    )
    await insert_order(tx, order, opened)
    tx.record(event_of(order, opened, None))
    return order
