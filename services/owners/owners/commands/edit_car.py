"""Changes what an owner states about a car."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.db import Transaction
from chassis.problems import NotFound, check_version
from owners import events
from owners.db.cars import lock_car, save_car
from owners.domain.car import Car
from owners.events import By


async def edit_car(
    tx: Transaction, car_id: UUID, changes: dict[str, Any], *, expected_version: Callable[[], int], now: datetime
) -> Car:
    """The car after the change; raises IdentityIsAttested."""
    car = await lock_car(tx, car_id)
    if car is None:
        raise NotFound
    check_version(expected_version(), car.version)
    edited = car.edited(changes, now)
    if edited is not car:
        await save_car(tx, edited)
        tx.record(events.car_updated(edited, By.owner(car.owner_id, now)))
    return edited
