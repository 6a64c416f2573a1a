"""Somebody follows a one-time link and becomes an employee."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from chassis.problems import NotFound
from sto import events
from sto.db.employees import insert_employee, lock_invitation, spend_invitation
from sto.domain.employee import Employee
from sto.domain.errors import AlreadyEmployed
from sto.domain.invitation import token_hash


async def accept_invitation(tx: Transaction, *, token: str, caller_id: UUID, now: datetime) -> Employee:
    """The caller's new employment. Of all who send a token at once, one gets it."""
    invitation = await lock_invitation(tx, token_hash(token))
    if invitation is None:
        raise NotFound
    spent, employee = invitation.accepted(caller_id, now, employee_id=new_id())
    if not await insert_employee(tx, employee):
        raise AlreadyEmployed("You work at this center already.")
    await spend_invitation(tx, spent)
    tx.record(events.employee_joined(employee, events.acting(employee), now))
    return employee
