"""Puts a car away."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from chassis.problems import NotFound
from owners import events
from owners.db.cars import lock_car, save_car
from owners.domain.car import Car
from owners.events import By


async def archive_car(tx: Transaction, car_id: UUID, *, now: datetime) -> Car:
    """The archived car; its history stays, and stays readable."""
    car = await lock_car(tx, car_id)
    if car is None:
        raise NotFound
    archived = car.archived(now)
    if archived is not car:
        await save_car(tx, archived)
        tx.record(events.car_archived(archived, By.owner(car.owner_id, now)))
    return archived
