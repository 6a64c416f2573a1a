"""An employee gets another role, leaves, or is sent away."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from chassis.problems import NotFound, check_version
from sto import events
from sto.commands.authorisation import staff_of_locked
from sto.db.employees import count_active_owners, lock_employee, save_employee, withdraw_invitations
from sto.domain.employee import Employee
from sto.domain.permissions import STAFF_ROLES, Action, StaffRole, inviting, permits


async def change_role(
    tx: Transaction,
    *,
    center_id: UUID,
    employee_id: UUID,
    caller_id: UUID,
    expected_version: int,
    role: StaffRole,
    now: datetime,
) -> Employee:
    """The employment with the new role."""
    actor, employee, active_owners = await _load(tx, center_id, employee_id, caller_id)
    check_version(expected_version, employee.version)
    changed = employee.changed_by(actor, role, active_owners=active_owners)
    if changed is not employee:
        await _save(tx, changed, now)
        by = events.acting(actor)
        tx.record(events.employee_role_changed(changed, by, now, previous=employee.role))
    return changed


async def deactivate_employee(
    tx: Transaction, *, center_id: UUID, employee_id: UUID, caller_id: UUID, now: datetime
) -> Employee:
    """The employment, over: the next request of this person finds no role here."""
    actor, employee, active_owners = await _load(tx, center_id, employee_id, caller_id)
    ended = employee.deactivated_by(actor, active_owners=active_owners, now=now)
    await _save(tx, ended, now)
    tx.record(events.employee_deactivated(ended, events.acting(actor), now))
    return ended


async def _load(tx: Transaction, center_id: UUID, employee_id: UUID, caller_id: UUID) -> tuple[Employee, Employee, int]:
    _, actor = await staff_of_locked(tx, center_id, caller_id, Action.VIEW_EMPLOYEES)
    employee = await lock_employee(tx, center_id, employee_id)
    if employee is None:
        raise NotFound
    return actor, employee, await count_active_owners(tx, center_id)


async def _save(tx: Transaction, employee: Employee, now: datetime) -> None:
    """With the links that the person could no longer send: he might have kept one to come back by."""
    lost = [role for role in STAFF_ROLES if not (employee.active and permits(employee.role, inviting(role)))]
    await withdraw_invitations(tx, employee.center_id, employee.user_id, lost, now)
    await save_employee(tx, employee)
