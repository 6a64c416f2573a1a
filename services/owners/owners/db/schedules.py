"""Schedules of expenses."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, insert, select, tuple_, update

from chassis.db import Transaction
from chassis.http import Position
from owners.db.bulk import columns_of
from owners.db.models import expense_schedule
from owners.db.ownership import Whose
from owners.domain.schedule import ExpenseSchedule

_EDITS: Final = (
    "category",
    "amount_minor",
    "currency",
    "note",
    "time_zone",
    "starts_on",
    "every_months",
    "ends_on",
    "entered",
    "ended_at",
    "updated_at",
    "version",
)
_IN_FORCE: Final = expense_schedule.c.ended_at.is_(None)


async def insert_schedule(tx: Transaction, new: ExpenseSchedule) -> None:
    """Adds a schedule."""
    await tx.execute(insert(expense_schedule).values(columns_of(new)))


async def count_schedules(tx: Transaction, whose: Whose) -> int:
    """How many an owner's car has in force."""
    columns = expense_schedule.c
    mine = (columns.car_id == whose.car_id, columns.owner_id == whose.owner_id, _IN_FORCE)
    return int((await tx.execute(select(func.count()).where(*mine))).scalar_one())


async def find_schedule(
    tx: Transaction, schedule_id: UUID, car_id: UUID | None = None, *, lock: bool = False
) -> ExpenseSchedule | None:
    """A schedule in force, of that car if one is named; `lock` for a change."""
    conditions: list[ColumnElement[bool]] = [expense_schedule.c.id == schedule_id, _IN_FORCE]
    if car_id is not None:
        conditions.append(expense_schedule.c.car_id == car_id)
    found = select(expense_schedule).where(*conditions)
    row = (await tx.execute(found.with_for_update() if lock else found)).one_or_none()
    return None if row is None else _schedule(row)


async def list_schedules(tx: Transaction, car_id: UUID, *, after: Position | None, limit: int) -> list[ExpenseSchedule]:
    """The car's schedules in force, the latest entered first."""
    columns = expense_schedule.c
    found = select(expense_schedule).where(columns.car_id == car_id, _IN_FORCE)
    if after is not None:
        found = found.where(tuple_(columns.created_at, columns.id) < after)
    rows = await tx.execute(found.order_by(columns.created_at.desc(), columns.id.desc()).limit(limit))
    return [_schedule(row) for row in rows]


async def save_schedule(tx: Transaction, changed: ExpenseSchedule) -> None:
    """Writes a change of a locked schedule."""
    values = {name: getattr(changed, name) for name in _EDITS}
    await tx.execute(update(expense_schedule).where(expense_schedule.c.id == changed.id).values(values))


async def save_entered(tx: Transaction, after: ExpenseSchedule) -> None:
    """Writes that a locked schedule has entered another expense."""
    await tx.execute(update(expense_schedule).where(expense_schedule.c.id == after.id).values(entered=after.entered))


async def end_schedules_of_car(tx: Transaction, car_id: UUID, now: datetime) -> None:
    """Ends all schedules of the caller's own car. Their timers find nothing to do."""
    await tx.execute(
        update(expense_schedule).where(expense_schedule.c.car_id == car_id, _IN_FORCE).values(ended_at=now)
    )


async def end_schedules_of(tx: Transaction, owner_id: UUID, now: datetime) -> None:
    """Ends all schedules of an owner who goes, and forgets what their notes say."""
    mine = update(expense_schedule).where(expense_schedule.c.owner_id == owner_id)
    await tx.execute(mine.values(ended_at=func.coalesce(expense_schedule.c.ended_at, now), note=None))


def _schedule(row: Row[Any]) -> ExpenseSchedule:
    return ExpenseSchedule(**row._mapping)  # noqa: SLF001 -- SQLAlchemy's documented name
