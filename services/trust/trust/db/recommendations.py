"""Stored recommendations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from chassis.db import Transaction
from trust.db.models import car, car_odometer, recommendation
from trust.domain.recommendation import Status

_CHANGING = ("status", "kept", "settled_by", "sequence", "version")

SETTLED = [status.value for status in Status if status.settled]


async def lock_unsettled(tx: Transaction, car_ids: Iterable[UUID]) -> list[Row[Any]]:
    """The recommendations of these cars that can still change, locked, oldest first."""
    rows = await tx.execute(
        select(recommendation)
        .where(recommendation.c.car_id.in_(sorted(set(car_ids))), recommendation.c.status.not_in(SETTLED))
        .order_by(recommendation.c.id)
        .with_for_update()
    )
    return sorted(rows, key=lambda row: (row.opened_at, row.id))


async def lock(tx: Transaction, recommendation_id: UUID) -> Row[Any] | None:
    """One recommendation, locked."""
    found = select(recommendation).where(recommendation.c.id == recommendation_id).with_for_update()
    return (await tx.execute(found)).one_or_none()


async def add(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store new recommendations."""
    if rows:
        await tx.execute(insert(recommendation), list(rows))


async def hand_over(tx: Transaction, car_ids: Iterable[UUID]) -> None:
    """What is not settled is recommended to whoever owns the car now."""
    unsettled = recommendation.c.status.not_in(SETTLED)
    of_cars = (recommendation.c.car_id == car.c.car_id, car.c.car_id.in_(sorted(set(car_ids))), unsettled)
    await tx.execute(update(recommendation).where(*of_cars).values(owner_id=car.c.owner_id))


async def change(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store new states: each row has id, status, kept, settled_by, sequence and version."""
    if not rows:
        return
    statement = (
        update(recommendation)
        .where(recommendation.c.id == bindparam("row_id"))
        .values({name: bindparam(name) for name in _CHANGING})
    )
    # Only these: SQLAlchemy sets every column that it finds among the parameters.
    values = [{"row_id": row["id"], **{name: row[name] for name in _CHANGING}} for row in rows]
    await tx.execute(statement, values)


async def change_meters(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store what another meter will show when these are due: each row has id, due_km, meter_offset_km and version."""
    names = ("due_km", "meter_offset_km", "version")
    statement = (
        update(recommendation)
        .where(recommendation.c.id == bindparam("row_id"))
        .values({name: bindparam(name) for name in names})
    )
    await tx.execute(statement, [{"row_id": row["id"], **{name: row[name] for name in names}} for row in rows])


async def odometers(tx: Transaction, car_ids: Iterable[UUID]) -> dict[UUID, int | None]:
    """How far (km) each car had been driven at its last accepted reading, on all its meters."""
    total = (car_odometer.c.last_ok_km + car_odometer.c.meter_offset_km).label("total_km")
    rows = await tx.execute(select(car_odometer.c.car_id, total).where(car_odometer.c.car_id.in_(set(car_ids))))
    return {row.car_id: row.total_km for row in rows}
