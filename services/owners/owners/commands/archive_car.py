"""Puts a car away."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from owners import events
from owners.commands.access import lock_car_for
from owners.db.cars import save_car
from owners.db.schedules import end_schedules_of_car
from owners.domain.access import Right
from owners.domain.car import Car
from owners.events import By


async def archive_car(tx: Transaction, car_id: UUID, *, caller_id: UUID, now: datetime) -> Car:
    """The archived car; its history stays, and stays readable."""
    car, person = await lock_car_for(tx, car_id, caller_id, Right.ARCHIVE_CAR)
    archived = car.archived(now)
    if archived is not car:
        await save_car(tx, archived)
        await end_schedules_of_car(tx, car_id, now)
        tx.record(events.car_archived(archived, By.person(person, now)))
    return archived
