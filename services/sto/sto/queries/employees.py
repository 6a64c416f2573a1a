"""The people of a center, with their names as they are today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_

from chassis.db import Transaction
from sto.db.employees import employee_of
from sto.db.models import employee, person
from sto.domain.employee import Employee


@dataclass(frozen=True, slots=True)
class NamedEmployee:
    """`display_name` is None while it is not known here, and after its owner was erased."""

    employee: Employee
    display_name: str | None


async def list_employees(
    tx: Transaction, center_id: UUID, *, with_former: bool, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[NamedEmployee]:
    """Up to `limit` employees, the longest employed first."""
    wanted = (
        select(employee, person.c.display_name)
        .select_from(employee.outerjoin(person, person.c.user_id == employee.c.user_id))
        .where(employee.c.center_id == center_id)
    )
    if not with_former:
        wanted = wanted.where(employee.c.active.is_(True))
    if after is not None:
        wanted = wanted.where(tuple_(employee.c.joined_at, employee.c.id) > after)
    rows = await tx.execute(wanted.order_by(employee.c.joined_at, employee.c.id).limit(limit))
    return [NamedEmployee(employee_of(row), row.display_name) for row in rows]
