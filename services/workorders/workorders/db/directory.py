"""What the read models know of centers, people and cars: the questions that commands ask them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, Uuid, and_, bindparam, case, exists, func, literal, or_, select

from chassis.db import Transaction
from chassis.prepared import Prepared
from workorders.db.models import estimate
from workorders.db.read_models import access_in_force, car, car_link, car_odometer, center, employee
from workorders.db.rows import Row
from workorders.domain.odometer import LastReading, Unit
from workorders.domain.people import StaffRole
from workorders.domain.work_order import WorkOrder

type Id = UUID | ColumnElement[UUID]

CREATE_VISIT: Final = "create_visit"

_by_rank: Final = case({"owner": 0, "manager": 1, "receptionist": 2}, value=employee.c.role, else_=3)


def role_at(center_id: Id, user_id: Id) -> ScalarSelect[str]:
    """The highest role in which the person works at the center now; null for somebody who does not."""
    return (
        select(employee.c.role)
        .where(employee.c.user_id == user_id, employee.c.center_id == center_id, employee.c.active)
        .order_by(_by_rank)
        .limit(1)
        .scalar_subquery()
    )


async def staff_role(tx: Transaction, center_id: UUID, user_id: UUID) -> StaffRole | None:
    """The same, asked for by itself."""
    role: StaffRole | None = (await tx.execute(select(role_at(center_id, user_id)))).scalar_one()
    return role


def role_in_car(car_id: Id, owner_id: Id, user_id: Id) -> ScalarSelect[str]:
    """In what role this owner shares the car with the person now; null where it is not shared."""
    granted = access_in_force.c
    return (
        select(granted.role)
        .where(granted.user_id == user_id, granted.car_id == car_id, granted.owner_id == owner_id)
        .order_by(case({"manager": 0, "driver": 1}, value=granted.role, else_=2))
        .limit(1)
        .scalar_subquery()
    )


def staff_has_car(center_id: Id, car_id: Id, owner_id: Id) -> ColumnElement[bool]:
    """Whether somebody who works at the center owns the car, or the owner shares it with such a person."""
    granted = access_in_force.c
    shared = (
        select(literal(1))
        .select_from(access_in_force.join(employee, employee.c.user_id == granted.user_id))
        .where(granted.car_id == car_id, granted.owner_id == owner_id)
        .where(employee.c.center_id == center_id, employee.c.active)
    )
    return or_(role_at(center_id, owner_id).is_not(None), exists(shared))


async def is_related_party(tx: Transaction, center_id: UUID, car_id: UUID, owner_id: UUID) -> bool:
    """The same, asked for by itself."""
    return bool((await tx.execute(select(staff_has_car(center_id, car_id, owner_id)))).scalar_one())


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
    row = (await tx.execute(select(*_CENTER).where(center.c.id == center_id))).mappings().one_or_none()
    return None if row is None else _center(row)


_CENTER: Final = tuple(
    center.c[name].label(f"center_{name}")
    for name in ("id", "name", "time_zone", "currency", "prices_include_tax", "verification")
)


def _center(row: Row) -> Center:
    return Center(
        id=row["center_id"],
        name=row["center_name"],
        time_zone=row["center_time_zone"],
        currency=row["center_currency"],
        prices_include_tax=row["center_prices_include_tax"],
        approved=row["center_verification"] == "approved",
    )


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What stands around an order when it is handed over."""

    center: Center
    car: Car
    last_reading: LastReading | None
    staff_has_car: bool
    estimate_sha256s: tuple[str, ...]


_order_id, _center_id, _car_id, _owner_id = (
    bindparam(name, type_=Uuid()) for name in ("order_id", "center_id", "car_id", "owner_id")
)
_estimate_hashes: Final = (
    select(estimate.c.sha256).where(estimate.c.work_order_id == _order_id).order_by(estimate.c.version)
)
_SURROUNDINGS: Final = Prepared(
    select(
        *_CENTER,
        *(car.c[name] for name in ("id", "vin", "frame_number", "plate", "odometer_unit")),
        car_odometer.c.km,
        car_odometer.c.observed_on,
        car_odometer.c.observed_at,
        staff_has_car(_center_id, _car_id, _owner_id).label("staff_has_car"),
        func.array(_estimate_hashes.scalar_subquery()).label("estimate_sha256s"),
    )
    .select_from(center.join(car, car.c.id == _car_id).outerjoin(car_odometer, car_odometer.c.id == car.c.id))
    .where(center.c.id == _center_id)
)


async def find_surroundings(tx: Transaction, order: WorkOrder) -> Surroundings | None:
    """All of it in one round trip; None while center or car are not known yet."""
    named = {"order_id": order.id, "center_id": order.center_id, "car_id": order.car_id, "owner_id": order.owner_id}
    rows = await tx.fetch(_SURROUNDINGS, named)
    if not rows:
        return None
    row = rows[0]
    return Surroundings(
        center=_center(row),
        car=Car(row["id"], row["vin"], row["frame_number"], row["plate"], row["odometer_unit"]),
        last_reading=None if row["km"] is None else LastReading(row["km"], row["observed_on"], row["observed_at"]),
        staff_has_car=row["staff_has_car"],
        estimate_sha256s=tuple(row["estimate_sha256s"]),
    )
