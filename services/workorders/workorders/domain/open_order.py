"""A draft is opened for a car that its owner has linked to the center."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from workorders.domain.facts import Opened, Recorded
from workorders.domain.money import Pricing
from workorders.domain.people import Actor
from workorders.domain.work_order import WorkOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What is known of center, car and owner at the moment of opening; it stays with the order.

    `staff_has_car`: the car belongs to somebody who is employed here, or is shared with such a person.
    """

    center_id: UUID
    center_name: str
    pricing: Pricing
    car_id: UUID
    car_label: str
    owner_id: UUID
    staff_has_car: bool


def open_order(
    order_id: UUID, actor: Actor, at: datetime, *, number: int, visit: Visit, complaint: str | None, four_eyes: bool
) -> tuple[WorkOrder, Recorded]:
    """A new draft. See `permit_opening` for who may."""
    order = WorkOrder(
        id=order_id,
        number=number,
        center_id=visit.center_id,
        center_name=visit.center_name,
        car_id=visit.car_id,
        car_label=visit.car_label,
        owner_id=visit.owner_id,
        pricing=visit.pricing,
        four_eyes=four_eyes,
        related_party=visit.staff_has_car,
        complaint=complaint,
        opened_at=at,
    )
    return order, order.record(Opened(), by=actor, at=at)
