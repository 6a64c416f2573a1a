"""Adds an odometer reading by hand."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from owners.commands.car_history import close_history, open_history
from owners.commands.time_zone import zone_of
from owners.domain.access import Right
from owners.domain.local_time import check_not_future, local_date
from owners.domain.odometer.recorded import Observed, RecordedReading, TypedOdometer
from owners.events import By


async def add_reading(
    tx: Transaction,
    car_id: UUID,
    odometer: TypedOdometer,
    *,
    observed_on: date | None,
    observed_at: datetime | None,
    time_zone: str | None,
    author_id: UUID,
    now: datetime,
) -> RecordedReading:
    """The reading with its verdict. An instant tells the date; without either it was read just now."""
    history, person = await open_history(tx, car_id, author_id, Right.ADD_ENTRIES, entries=())
    zone = await zone_of(tx, time_zone, author_id)
    if observed_on is None:
        observed_at = observed_at or now
        observed_on = local_date(observed_at, zone)
    check_not_future(observed_on, zone_name=zone, now=now)
    when = Observed(observed_on, observed_at, zone)
    typed = RecordedReading.typed(new_id(), odometer, when, source="manual", author_id=author_id, now=now)
    history.readings.add(typed)
    await close_history(tx, history, By.person(person, now))
    return history.readings.get(typed.reading.id)
