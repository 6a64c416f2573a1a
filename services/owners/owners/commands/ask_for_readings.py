"""Asks owners what the odometer shows when its last reading has grown stale: all cars once a day, in small batches."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from chassis.db import Transaction
from chassis.timers import Timers
from owners import events
from owners.db.cars import lock_free_cars, save_attested_cars
from owners.db.stale_readings import last_readings, next_stale_cars, save_asked, save_reached
from owners.domain.car import Car
from owners.domain.odometer.staleness import ASKED_EVERY, LastReading
from owners.events import By

READING_SWEEP: Final = "reading-sweep"
ALL_CARS: Final = "all"
"""The one subject: there is one sweep."""
BATCH_EVERY: Final = timedelta(seconds=1)
SWEEP_EVERY: Final = timedelta(days=1)
FIRST_AFTER: Final = timedelta(hours=1)
"""A worker that starts for the first time has enough to do."""


async def begin_sweeps(tx: Transaction, timers: Timers, *, now: datetime) -> None:
    """Sets the sweep's timer, which sets itself again; one that is set already stays as it is."""
    await timers.schedule_unless_set(tx, READING_SWEEP, ALL_CARS, now + FIRST_AFTER)


async def ask_for_readings(tx: Transaction, timers: Timers, *, now: datetime, stale_after: timedelta) -> None:
    """Looks at the next cars and asks the owners of stale ones; the next batch follows soon, the next sweep in a day.

    A car that somebody is changing at this moment is left to the next sweep.
    """
    looked = await next_stale_cars(tx, read_before=now - stale_after, asked_before=now - ASKED_EVERY)
    if looked.due:
        cars = await lock_free_cars(tx, looked.due)
        readings = await last_readings(tx, cars)  # as they are now that nobody changes them
        due = [car for car in cars.values() if _is_due(readings.get(car.id), car, now, stale_after)]
        asked = [car._replace(sequence=car.sequence + 1) for car in due]
        for car in asked:
            tx.record(events.odometer_grown_stale(car, readings[car.id], By.system(now)))
        save_attested_cars(tx, asked)
        await save_asked(tx, [car.id for car in asked], now)
    await save_reached(tx, looked.reached)
    await timers.schedule(tx, READING_SWEEP, ALL_CARS, now + (SWEEP_EVERY if looked.ended else BATCH_EVERY))


def _is_due(last: LastReading | None, car: Car, now: datetime, stale_after: timedelta) -> bool:
    return last is not None and last.asks_for_another(car, now, stale_after)
