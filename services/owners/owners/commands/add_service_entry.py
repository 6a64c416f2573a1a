"""Enters a service by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from owners import events
from owners.commands.car_history import close_history, open_history
from owners.commands.time_zone import zone_of
from owners.currencies import minor_digits
from owners.db.records import insert_expenses, insert_service_entries
from owners.domain.access import Right
from owners.domain.car import Car
from owners.domain.conversion import rated
from owners.domain.local_time import check_not_future
from owners.domain.odometer.recorded import Observed, RecordedReading, TypedOdometer
from owners.domain.records import Expense, ServiceEntry, cost_of
from owners.events import By


@dataclass(frozen=True, slots=True)
class RecordedService:
    """A service entry with what belongs to it."""

    entry: ServiceEntry
    expense_id: UUID | None
    reading: RecordedReading | None


async def add_service_entry(
    tx: Transaction,
    car_id: UUID,
    details: dict[str, Any],
    odometer: TypedOdometer | None,
    *,
    author_id: UUID,
    now: datetime,
) -> RecordedService:
    """The entry, its one expense when a line tells an amount, and its reading."""
    history, person = await open_history(tx, car_id, author_id, Right.ADD_ENTRIES, entries=())
    entry = await _entry(tx, history.car, details, author_id, now)
    by = By.person(person, now)
    await insert_service_entries(tx, [entry])
    reading = None if odometer is None else typed_for(entry, odometer, now)
    tx.record(events.service_entry_recorded(history.log, entry, reading, by))
    expense = Expense.of_service(new_id(), entry)
    if expense is not None:
        await insert_expenses(tx, [expense])
        tx.record(events.expense_recorded(history.log, expense, by))
    if reading is not None:
        history.readings.add(reading)
    await close_history(tx, history, by)
    judged = reading and history.readings.get(reading.reading.id)
    return RecordedService(entry, expense.id if expense else None, judged)


def typed_for(entry: ServiceEntry, odometer: TypedOdometer, now: datetime) -> RecordedReading:
    """The reading that an entry brings, on the entry's date."""
    when = Observed(entry.service_date, None, entry.time_zone)
    typed = RecordedReading.typed(new_id(), odometer, when, source="service", author_id=entry.author_id, now=now)
    return typed._replace(service_entry_id=entry.id)


async def _entry(tx: Transaction, car: Car, details: dict[str, Any], author_id: UUID, now: datetime) -> ServiceEntry:
    zone = await zone_of(tx, details["time_zone"], author_id)
    check_not_future(details["service_date"], zone_name=zone, now=now)
    cost = cost_of(details["lines"])
    in_ours = rated(cost, details["currency"], details["rate"], car.currency, digits=minor_digits)
    return ServiceEntry(
        id=new_id(),
        car_id=car.id,
        owner_id=car.owner_id,
        author_id=author_id,
        cost_minor=cost,
        attestation=None,
        work_order_number=None,
        created_at=now,
        updated_at=now,
        version=1,
        **details | {"time_zone": zone} | in_ours._asdict(),
    )
