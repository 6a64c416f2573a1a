"""Somebody founds a center and is its first owner."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from sto import events
from sto.db.centers import insert_center
from sto.db.employees import insert_employee
from sto.domain.center import CenterProfile, ServiceCenter
from sto.domain.employee import Employee


async def register_center(
    tx: Transaction, *, founder_id: UUID, profile: CenterProfile, now: datetime
) -> tuple[ServiceCenter, Employee]:
    """The new center, a draft that nobody else sees, and its founder's employment."""
    center = ServiceCenter(
        id=new_id(),
        profile=profile,
        verification="draft",
        application_id=None,
        reviewer_id=None,
        created_by=founder_id,
        created_at=now,
    )
    founder = Employee(new_id(), center.id, founder_id, "owner", active=True, joined_at=now)
    await insert_center(tx, center)
    await insert_employee(tx, founder)
    tx.record(events.center_registered(center, events.acting(founder), now))
    tx.record(events.employee_joined(founder, events.acting(founder), now))
    return center, founder
