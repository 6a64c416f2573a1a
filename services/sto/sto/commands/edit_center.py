"""A center changes what it says about itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from chassis.problems import check_version
from sto import events
from sto.commands.authorisation import staff_of_locked
from sto.db.centers import save_center
from sto.domain.center import CenterProfile, ServiceCenter
from sto.domain.employee import Employee
from sto.domain.permissions import Action


async def edit_center(
    tx: Transaction,
    *,
    center_id: UUID,
    caller_id: UUID,
    expected_version: int,
    edit: Callable[[CenterProfile], CenterProfile],
    now: datetime,
) -> tuple[ServiceCenter, Employee]:
    """The center with the edited profile. An edit that changes nothing makes no new version."""
    center, employee = await staff_of_locked(tx, center_id, caller_id, Action.EDIT_CENTER)
    check_version(expected_version, center.version)
    edited = center.edited(edit(center.profile))
    if edited is not center:
        await save_center(tx, edited)
        tx.record(events.center_updated(edited, events.acting(employee), now))
    return edited, employee
