"""Changes what an owner states about a car."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.db import Transaction
from chassis.problems import check_version
from owners import events
from owners.commands.access import lock_car_for
from owners.commands.refresh_consumption import rebuild_consumption
from owners.db.cars import save_car
from owners.db.consumption import rated_kinds
from owners.domain.access import Right
from owners.domain.car import Car
from owners.events import By


async def edit_car(
    tx: Transaction,
    car_id: UUID,
    changes: dict[str, Any],
    *,
    caller_id: UUID,
    expected_version: Callable[[], int],
    now: datetime,
) -> Car:
    """The car after the change; raises IdentityIsAttested."""
    car, person = await lock_car_for(tx, car_id, caller_id, Right.EDIT_CAR)
    check_version(expected_version(), car.version)
    edited = car.edited(changes, now)
    if edited is not car:
        await save_car(tx, edited)
        if edited.currency != car.currency:  # rates to the one before convert no more, rates to this one do again
            await rebuild_consumption(tx, edited, await rated_kinds(tx, edited))
        tx.record(events.car_updated(edited, By.person(person, now)))
    return edited
