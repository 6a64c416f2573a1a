"""A draft is opened for a car that its owner has linked to the center."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from workorders.domain.errors import NotLinked, NotPermitted
from workorders.domain.facts import Opened, Recorded
from workorders.domain.money import Pricing
from workorders.domain.people import Capacity, Person
from workorders.domain.permissions import MAY_OPEN
from workorders.domain.work_order import WorkOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What is known of center, car and owner at the moment of opening; it stays with the order.

    `linked`: the owner lets this center create visits. `owner_is_staff`: somebody employed here owns the car.
    """

    center_id: UUID
    center_name: str
    pricing: Pricing
    car_id: UUID
    car_label: str
    owner_id: UUID
    linked: bool
    owner_is_staff: bool


def open_order(
    order_id: UUID, person: Person, at: datetime, *, number: int, visit: Visit, complaint: str | None, four_eyes: bool
) -> tuple[WorkOrder, Recorded]:
    """A new draft. Raises NotPermitted or NotLinked."""
    if person.staff_role is None or Capacity(person.staff_role) not in MAY_OPEN:
        raise NotPermitted("Your role does not allow this.")
    if not visit.linked:
        raise NotLinked("The car's owner has not let this service center open work orders for it.")
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
        related_party=visit.owner_is_staff,
        complaint=complaint,
        opened_at=at,
    )
    actor = person.acting_as(Capacity(person.staff_role))
    return order, order.record(Opened(), by=actor, at=at)
