"""Car links, and the cars that they are about."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, exists, select, text, update
from sqlalchemy.dialects.postgresql import insert

from chassis.db import Transaction
from sto.db.models import access_in_force, car, car_link
from sto.domain.link import CarLink, LinkedCar


async def find_car(tx: Transaction, car_id: UUID) -> LinkedCar | None:
    """The car, if it is known here. Naming its id is what makes the row visible."""
    await tx.execute(text("SELECT set_config('carpass.car_id', :id, true)"), {"id": str(car_id)})
    row = (await tx.execute(select(car).where(car.c.id == car_id))).one_or_none()
    if row is None:
        return None
    return LinkedCar(row.id, row.owner_id, row.make, row.model, row.plate, row.archived)


async def insert_link(tx: Transaction, link: CarLink) -> bool:
    """Adds a requested link; false when the car and the center have an open one."""
    values = {**asdict(link), "scopes": list(link.scopes)}
    added = await tx.execute(insert(car_link).values(**values).on_conflict_do_nothing())
    return bool(added.rowcount)


async def find_link(tx: Transaction, link_id: UUID) -> CarLink | None:
    """The link, if the tenant may see it."""
    row = (await tx.execute(select(car_link).where(car_link.c.id == link_id))).one_or_none()
    return None if row is None else link_of(row)


async def lock_link(tx: Transaction, link_id: UUID) -> CarLink | None:
    """The link, locked, if the tenant may change it: the car's owner, a manager of the car, or the system."""
    wanted = select(car_link).where(car_link.c.id == link_id)
    row = (await tx.execute(wanted.with_for_update())).one_or_none()
    return None if row is None else link_of(row)


def shared_with(user_id: UUID) -> ColumnElement[bool]:
    """Whether the owner behind a link shares the car with this person now, in whatever role."""
    granted = access_in_force.c
    return exists().where(
        granted.user_id == user_id, granted.car_id == car_link.c.car_id, granted.owner_id == car_link.c.owner_id
    )


async def manages_car(tx: Transaction, link: CarLink, user_id: UUID) -> bool:
    """Whether the owner behind the link lets this person manage the car now."""
    granted = access_in_force.c
    managing = exists().where(
        granted.user_id == user_id,
        granted.car_id == link.car_id,
        granted.owner_id == link.owner_id,
        granted.role == "manager",
    )
    return bool((await tx.execute(select(managing))).scalar_one())


async def lock_links_of_earlier_owners(tx: Transaction, car_ids: Collection[UUID]) -> list[CarLink]:
    """The open links of these cars whose owners have parted with them, locked in the order of their ids."""
    is_open = car_link.c.status.in_(("requested", "approved"))
    of_cars = select(car_link).join(car, car.c.id == car_link.c.car_id).where(car.c.id.in_(list(car_ids)))
    found = of_cars.where(car_link.c.owner_id != car.c.owner_id, is_open).order_by(car_link.c.id)
    return [link_of(row) for row in await tx.execute(found.with_for_update(of=car_link))]


async def save_link(tx: Transaction, link: CarLink) -> None:
    """Writes the state of a link that is locked."""
    await tx.execute(
        update(car_link)
        .where(car_link.c.id == link.id)
        .values(
            scopes=list(link.scopes),
            status=link.status,
            decided_at=link.decided_at,
            ended_at=link.ended_at,
            sequence=link.sequence,
            version=link.version,
        )
    )


def link_of(row: Row[Any]) -> CarLink:
    """The link in a row of `car_link`."""
    return CarLink(
        id=row.id,
        car_id=row.car_id,
        owner_id=row.owner_id,
        car_label=row.car_label,
        center_id=row.center_id,
        scopes=tuple(row.scopes),
        status=row.status,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        expires_at=row.expires_at,
        decided_at=row.decided_at,
        ended_at=row.ended_at,
        sequence=row.sequence,
        version=row.version,
    )
