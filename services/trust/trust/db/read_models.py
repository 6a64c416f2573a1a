"""What trust knows of others' data: whose a car is, who works where, who may read which history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, exists, or_, select
from sqlalchemy.dialects.postgresql import insert

from chassis.db import Transaction
from trust.db.models import car, car_link, employee


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
    values = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=keys, set_=values, where=table.c.sequence < statement.excluded.sequence
        )
    )


async def owners_of(tx: Transaction, car_ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Whose each of these cars is, as far as they are known."""
    rows = await tx.execute(select(car.c.car_id, car.c.owner_id).where(car.c.car_id.in_(list(car_ids))))
    return {row.car_id: row.owner_id for row in rows}


async def is_owner(tx: Transaction, car_id: UUID, user_id: UUID) -> bool:
    """Whether the car is this user's."""
    owned = select(exists().where(car.c.car_id == car_id, car.c.owner_id == user_id))
    return bool((await tx.execute(owned)).scalar_one())


async def reads_history(tx: Transaction, car_id: UUID, user_id: UUID, now: datetime) -> bool:
    """Whether the user works at a center that the car's owner lets read its history."""
    linked = (
        exists()
        .where(car_link.c.car_id == car_id, car_link.c.reads_history)
        .where(or_(car_link.c.expires_at.is_(None), car_link.c.expires_at > now))
        .where(employee.c.center_id == car_link.c.center_id)
        .where(employee.c.user_id == user_id, employee.c.active)
    )
    return bool((await tx.execute(select(linked))).scalar_one())
