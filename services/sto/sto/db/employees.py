"""Employments and the invitations that make them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.db import Transaction
from sto.db.models import employee, invitation
from sto.domain.employee import Employee
from sto.domain.invitation import Invitation
from sto.domain.permissions import StaffRole


async def insert_employee(tx: Transaction, employed: Employee) -> bool:
    """Adds an employment; false when this person is employed there already."""
    added = await tx.execute(upsert(employee).values(**asdict(employed)).on_conflict_do_nothing())
    return bool(added.rowcount)


async def find_employment(tx: Transaction, center_id: UUID, user_id: UUID) -> Employee | None:
    """The person's active employment at the center."""
    wanted = select(employee).where(
        employee.c.center_id == center_id, employee.c.user_id == user_id, employee.c.active.is_(True)
    )
    row = (await tx.execute(wanted)).one_or_none()
    return None if row is None else employee_of(row)


async def lock_employee(tx: Transaction, center_id: UUID, employee_id: UUID) -> Employee | None:
    """The employment of this id at the center, ended ones too, locked."""
    wanted = select(employee).where(employee.c.id == employee_id, employee.c.center_id == center_id)
    row = (await tx.execute(wanted.with_for_update())).one_or_none()
    return None if row is None else employee_of(row)


async def save_employee(tx: Transaction, employed: Employee) -> None:
    """Writes the state of an employment that is locked."""
    await tx.execute(
        update(employee)
        .where(employee.c.id == employed.id)
        .values(
            role=employed.role,
            active=employed.active,
            left_at=employed.left_at,
            sequence=employed.sequence,
            version=employed.version,
        )
    )


async def count_active_owners(tx: Transaction, center_id: UUID) -> int:
    """How many owners the center has; it cannot change while the center is locked, except by somebody joining."""
    counted = select(func.count()).where(
        employee.c.center_id == center_id, employee.c.role == "owner", employee.c.active.is_(True)
    )
    return int((await tx.execute(counted)).scalar_one())


async def has_ever_been_staff(tx: Transaction, center_id: UUID, user_id: UUID) -> bool:
    """Whether the person works or worked at the center."""
    found = select(employee.c.id).where(employee.c.center_id == center_id, employee.c.user_id == user_id).limit(1)
    return (await tx.execute(found)).first() is not None


async def insert_invitation(tx: Transaction, invited: Invitation) -> None:
    """Adds an invitation."""
    await tx.execute(insert(invitation).values(**asdict(invited)))


async def lock_invitation(tx: Transaction, token_hash: bytes) -> Invitation | None:
    """The invitation whose token hashes to this, locked. Presenting the hash is what makes the row visible."""
    await tx.execute(text("SELECT set_config('carpass.invitation_hash', :hash, true)"), {"hash": token_hash.hex()})
    wanted = select(invitation).where(invitation.c.token_hash == token_hash).with_for_update()
    row = (await tx.execute(wanted)).one_or_none()
    return None if row is None else Invitation(**row._mapping)  # noqa: SLF001 - SQLAlchemy's documented name


async def spend_invitation(tx: Transaction, spent: Invitation) -> None:
    """Writes down who took up an invitation that is locked."""
    await tx.execute(
        update(invitation)
        .where(invitation.c.id == spent.id)
        .values(accepted_by=spent.accepted_by, accepted_at=spent.accepted_at)
    )


async def withdraw_invitations(
    tx: Transaction, center_id: UUID, created_by: UUID, roles: Collection[StaffRole], now: datetime
) -> None:
    """Ends the open invitations of these roles that this person has sent for the center."""
    await tx.execute(
        update(invitation)
        .where(
            invitation.c.center_id == center_id,
            invitation.c.created_by == created_by,
            invitation.c.role.in_(list(roles)),
            invitation.c.accepted_at.is_(None),
            invitation.c.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=now)
    )


def employee_of(row: Row[Any]) -> Employee:
    """The employment in a row of `employee`."""
    return Employee(
        id=row.id,
        center_id=row.center_id,
        user_id=row.user_id,
        role=row.role,
        active=row.active,
        joined_at=row.joined_at,
        left_at=row.left_at,
        sequence=row.sequence,
        version=row.version,
    )
