"""Finding centers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Double, Select, and_, between, func, literal, null, or_, select, tuple_

from chassis.db import Transaction
from sto.db.centers import center_of
from sto.db.models import employee, service_center
from sto.domain.center import GeoPoint, ServiceCenter, Speciality, search_key
from sto.domain.geo import EARTH_RADIUS_M, boxes_around
from sto.domain.permissions import StaffRole

_C: Final = service_center.c


@dataclass(frozen=True, slots=True)
class Near:
    """Within this many metres of a place."""

    place: GeoPoint
    radius_m: float


@dataclass(frozen=True, slots=True)
class CenterSearch:
    """What is looked for; everything given must hold. `staff_of`: centers of this person, approved or not."""

    city: str | None = None
    name: str | None = None
    speciality: Speciality | None = None
    staff_of: UUID | None = None


@dataclass(frozen=True, slots=True)
class FoundCenter:
    """A center as the caller finds it: `my_role` there if he has one, and its distance from the place he named."""

    center: ServiceCenter
    my_role: StaffRole | None
    distance_m: float | None = None


async def find_center_for(tx: Transaction, center_id: UUID, caller_id: UUID) -> FoundCenter | None:
    """The center, if the caller may see it."""
    wanted = _with_my_role(caller_id, null().label("distance_m")).where(_C.id == center_id)
    row = (await tx.execute(wanted)).one_or_none()
    return None if row is None else _found(row)


async def search_by_age(
    tx: Transaction, caller_id: UUID, search: CenterSearch, *, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[FoundCenter]:
    """Up to `limit` centers, the longest registered first."""
    wanted = _with_my_role(caller_id, null().label("distance_m")).where(*_conditions(search))
    if after is not None:
        wanted = wanted.where(tuple_(_C.created_at, _C.id) > after)
    rows = await tx.execute(wanted.order_by(_C.created_at, _C.id).limit(limit))
    return [_found(row) for row in rows]


async def search_by_distance(
    tx: Transaction,
    caller_id: UUID,
    search: CenterSearch,
    near: Near,
    *,
    after: tuple[float, UUID] | None,
    limit: int,
) -> Sequence[FoundCenter]:
    """Up to `limit` centers within the radius, the nearest first."""
    boxed = _with_my_role(caller_id, _distance(near.place).label("distance_m")).where(
        *_conditions(search), _inside_boxes(near)
    )
    found = boxed.subquery()
    wanted = select(found).where(found.c.distance_m <= near.radius_m)
    if after is not None:
        wanted = wanted.where(tuple_(found.c.distance_m, found.c.id) > tuple_(literal(after[0], Double), after[1]))
    rows = await tx.execute(wanted.order_by(found.c.distance_m, found.c.id).limit(limit))
    return [_found(row) for row in rows]


def _with_my_role(caller_id: UUID, distance: ColumnElement[Any]) -> Select[Any]:
    mine = and_(employee.c.center_id == _C.id, employee.c.user_id == caller_id, employee.c.active.is_(True))
    return select(service_center, employee.c.role.label("my_role"), distance).select_from(
        service_center.outerjoin(employee, mine)
    )


def _conditions(search: CenterSearch) -> list[ColumnElement[bool]]:
    if search.staff_of is None:
        conditions: list[ColumnElement[bool]] = [_C.verification == literal("approved", literal_execute=True)]
    else:
        conditions = [employee.c.user_id == search.staff_of]
    if search.city is not None:
        conditions.append(_C.city_key == search_key(search.city))
    if search.name is not None:
        conditions.append(func.strpos(_C.name_key, search_key(search.name)) > 0)
    if search.speciality is not None:
        conditions.append(_C.specialities.contains([search.speciality]))
    return conditions


def _inside_boxes(near: Near) -> ColumnElement[bool]:
    """What an index can answer; the exact distance is looked at for these rows only."""
    return or_(
        *(
            and_(between(_C.latitude, box.south, box.north), between(_C.longitude, box.west, box.east))
            for box in boxes_around(near.place, near.radius_m)
        )
    )


def _distance(place: GeoPoint) -> ColumnElement[float]:
    """`geo.distance_m`, in SQL."""
    latitude, longitude = literal(place.latitude, Double), literal(place.longitude, Double)
    haversine = func.pow(func.sin(func.radians(_C.latitude - latitude) / 2), 2) + func.cos(
        func.radians(latitude)
    ) * func.cos(func.radians(_C.latitude)) * func.pow(func.sin(func.radians(_C.longitude - longitude) / 2), 2)
    return 2 * EARTH_RADIUS_M * func.asin(func.least(1.0, func.sqrt(haversine)), type_=Double)


def _found(row: Any) -> FoundCenter:
    return FoundCenter(center_of(row), row.my_role, row.distance_m)
