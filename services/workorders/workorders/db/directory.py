"""What the read models know of centers, people and cars: the questions that commands ask them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, and_, case, func, literal, or_, select

from chassis.db import Transaction
from workorders.db.read_models import car, car_link, car_odometer, center, employee
from workorders.domain.odometer import LastReading, Unit
from workorders.domain.people import StaffRole

CREATE_VISIT: Final = "create_visit"

_by_rank: Final = case({"owner": 0, "manager": 1, "receptionist": 2}, value=employee.c.role, else_=3)


async def staff_role(tx: Transaction, center_id: UUID, user_id: UUID) -> StaffRole | None:
    """The highest role in which the person works at the center now."""
    wanted = (
        select(employee.c.role)
        .where(employee.c.user_id == user_id, employee.c.center_id == center_id, employee.c.active)
        .order_by(_by_rank)
        .limit(1)
    )
    role: StaffRole | None = (await tx.execute(wanted)).scalar_one_or_none()
    return role


@dataclass(frozen=True, slots=True)
class Center:
    """A service center."""

    id: UUID
    name: str
    time_zone: str
    currency: str
    prices_include_tax: bool
    approved: bool


async def find_center(tx: Transaction, center_id: UUID) -> Center | None:
    """The center, if its first event has arrived."""
    row = (await tx.execute(select(center).where(center.c.id == center_id))).one_or_none()
    if row is None:
        return None
    return Center(row.id, row.name, row.time_zone, row.currency, row.prices_include_tax, row.verification == "approved")


@dataclass(frozen=True, slots=True)
class Link:
    """An owner's permission to create visits."""

    owner_id: UUID
    car_label: str


async def find_link(tx: Transaction, center_id: UUID, car_id: UUID, now: datetime) -> Link | None:
    """The permission that the car's present owner gives this center now."""
    wanted = (
        select(car_link.c.owner_id, car_link.c.car_label)
        .join(car, and_(car.c.id == car_link.c.car_id, car.c.owner_id == car_link.c.owner_id))
        .where(
            car_link.c.car_id == car_id,
            car_link.c.center_id == center_id,
            car_link.c.status == "approved",
            literal(CREATE_VISIT) == func.any(car_link.c.scopes),
            or_(car_link.c.expires_at.is_(None), car_link.c.expires_at > now),
            ~car.c.archived,
        )
        .limit(1)
    )
    row = (await tx.execute(wanted)).one_or_none()
    return None if row is None else Link(row.owner_id, row.car_label)


@dataclass(frozen=True, slots=True)
class Car:
    """A car as a snapshot names it."""

    id: UUID
    vin: str | None
    frame_number: str | None
    plate: str | None
    odometer_unit: Unit
    last_reading: LastReading | None


async def find_car(tx: Transaction, car_id: UUID) -> Car | None:
    """The car with its last good reading."""
    wanted = (
        select(car, car_odometer.c.km, car_odometer.c.observed_on, car_odometer.c.observed_at)
        .outerjoin(car_odometer, car_odometer.c.id == car.c.id)
        .where(car.c.id == car_id)
    )
    row = (await tx.execute(wanted)).one_or_none()
    if row is None:
        return None
    return Car(row.id, row.vin, row.frame_number, row.plate, row.odometer_unit, _last_reading(row))


def _last_reading(row: Row[Any]) -> LastReading | None:
    return None if row.km is None else LastReading(row.km, row.observed_on, row.observed_at)
