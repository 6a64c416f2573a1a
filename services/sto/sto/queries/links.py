"""Car links, for the car's owner and for the center."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal, or_, select, tuple_

from chassis.db import Transaction
from sto.db.links import link_of, shared_with
from sto.db.models import access_in_force, car_link, service_center
from sto.domain.link import CarLink, LinkStatus


@dataclass(frozen=True, slots=True)
class NamedLink:
    """A link, and its center's name as it is today. `of_own_car`: the caller owns the car, or shares it."""

    link: CarLink
    center_name: str
    of_own_car: bool


@dataclass(frozen=True, slots=True)
class LinkSearch:
    """What is looked for: links of a center, or to the cars of a person and to those that are shared with him."""

    person_id: UUID | None = None
    center_id: UUID | None = None
    car_id: UUID | None = None
    status: LinkStatus | None = None


async def find_named_link(tx: Transaction, link_id: UUID, caller_id: UUID) -> NamedLink | None:
    """The link, if the caller may see it."""
    row = (await tx.execute(_named_links(caller_id).where(car_link.c.id == link_id))).one_or_none()
    return None if row is None else _named(row)


async def list_links(
    tx: Transaction, search: LinkSearch, caller_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[NamedLink]:
    """Up to `limit` links, the latest requested first."""
    wanted = _named_links(caller_id).where(*_conditions(search))
    if after is not None:
        wanted = wanted.where(tuple_(car_link.c.requested_at, car_link.c.id) < after)
    rows = await tx.execute(wanted.order_by(car_link.c.requested_at.desc(), car_link.c.id.desc()).limit(limit))
    return [_named(row) for row in rows]


def _named_links(caller_id: UUID) -> Select[Any]:
    return select(
        car_link, service_center.c.name.label("center_name"), _of_cars_of(caller_id).label("of_own_car")
    ).join(service_center, service_center.c.id == car_link.c.center_id)


def _of_cars_of(person_id: UUID) -> ColumnElement[bool]:
    return or_(car_link.c.owner_id == person_id, shared_with(person_id))


def _conditions(search: LinkSearch) -> list[ColumnElement[bool]]:
    columns = {
        car_link.c.center_id: search.center_id,
        car_link.c.car_id: search.car_id,
        car_link.c.status: search.status,
    }
    conditions = [column == value for column, value in columns.items() if value is not None]
    if search.person_id is not None:
        conditions += [car_link.c.owner_id == func.any(_owners_around(search.person_id)), _of_cars_of(search.person_id)]
    return conditions


def _owners_around(person_id: UUID) -> ColumnElement[Any]:
    """The person, and the owners who share a car with him: what the index of links by owner is asked for."""
    sharing = select(access_in_force.c.owner_id).where(access_in_force.c.user_id == person_id)
    return func.array(select(literal(person_id)).union_all(sharing).scalar_subquery())


def _named(row: Any) -> NamedLink:
    return NamedLink(link_of(row), row.center_name, row.of_own_car)
