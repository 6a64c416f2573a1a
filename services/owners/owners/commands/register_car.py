"""Adds a car."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from chassis.problems import Unauthenticated
from owners import events
from owners.db.cars import insert_car
from owners.db.users import find_user
from owners.domain.car import Car
from owners.events import By


async def register_car(tx: Transaction, owner_id: UUID, details: dict[str, Any], *, now: datetime) -> Car:
    """The new car. A VIN that another car has too is no reason to refuse, nor to tell: it is unconfirmed."""
    if await find_user(tx, owner_id, lock=True) is None:
        raise Unauthenticated("This account is gone.")  # an erased user's last access token
    car = Car.registered(new_id(), owner_id, details, now)
    await insert_car(tx, car)
    tx.record(events.car_registered(car, By.owner(owner_id, now)))
    return car
