"""What trust knows of others' data: whose a car is and was, who shares it, who works where, who may read a history."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ScalarSelect, Table, and_, case, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from chassis.db import Transaction
from trust.db.models import car, car_access, car_link, car_transfer, employee
from trust.domain.access import CarRole


async def upsert_newer(tx: Transaction, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store each row unless the stored one of its primary key has the same or a higher sequence."""
    keys = [column.name for column in table.primary_key]
    newest: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row["sequence"]):
        newest[tuple(row[key] for key in keys)] = row
    if not newest:
        return
    # In key order: two workers that lock the same rows never wait for each other in a circle.
    statement = insert(table).values([newest[key] for key in sorted(newest)])
    values: dict[str, Any] = {
        column.name: statement.excluded[column.name] for column in table.c if not column.primary_key
    }
    if "ended" in values:
        values["ended"] = or_(table.c.ended, values["ended"])
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=keys, set_=values, where=table.c.sequence < statement.excluded.sequence
        )
    )


async def owners_of(tx: Transaction, car_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Whose each of these cars is, as far as they are known."""
    rows = await tx.execute(select(car.c.car_id, car.c.owner_id).where(car.c.car_id.in_(list(car_ids))))
    return {row.car_id: row.owner_id for row in rows}


async def role_in_car(tx: Transaction, car_id: UUID, user_id: UUID, now: datetime) -> CarRole | None:
    """What the user is to the car now; None: nothing at all."""
    owned = exists().where(car.c.car_id == car_id, car.c.owner_id == user_id)
    linked = (
        exists()
        .where(car_link.c.car_id == car_id, car_link.c.reads_history)
        .where(or_(car_link.c.expires_at.is_(None), car_link.c.expires_at > now))
        .where(employee.c.center_id == car_link.c.center_id)
        .where(employee.c.user_id == user_id, employee.c.active)
    )
    role = case((owned, "owner"), else_=func.coalesce(_shared_as(car_id, user_id, now), case((linked, "center"))))
    found: CarRole | None = (await tx.execute(select(role))).scalar_one()
    return found


def _shared_as(car_id: UUID, user_id: UUID, now: datetime) -> ScalarSelect[str]:
    """The role that the car's present owner gives the user."""
    granted = car_access.c
    return (
        select(granted.role)
        .join(car, and_(car.c.car_id == granted.car_id, car.c.owner_id == granted.owner_id))
        .where(granted.car_id == car_id, granted.user_id == user_id, ~granted.ended)
        .where(or_(granted.expires_at.is_(None), granted.expires_at > now))
        .order_by(case({"manager": 0, "driver": 1}, value=granted.role, else_=2))
        .limit(1)
        .scalar_subquery()
    )


async def add_transfers(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Remembers where the times of owners end; what is there already stays."""
    await tx.execute(insert(car_transfer).on_conflict_do_nothing(), list(rows))


async def end_access_around(tx: Transaction, user_ids: Collection[UUID]) -> None:
    """Ends for good what these people share with others, and what is shared with them."""
    around = or_(car_access.c.user_id.in_(user_ids), car_access.c.owner_id.in_(user_ids))
    wanted = select(car_access.c.grant_id).where(around, ~car_access.c.ended)
    locked = wanted.order_by(car_access.c.grant_id).with_for_update()
    await tx.execute(update(car_access).where(car_access.c.grant_id.in_(locked)).values(ended=True))
