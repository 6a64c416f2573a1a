"""Enters an expense by hand."""

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
from owners.db.records import insert_expenses
from owners.domain.access import Right
from owners.domain.conversion import rated
from owners.domain.local_time import check_not_future
from owners.domain.odometer.recorded import Observed, RecordedReading, TypedOdometer
from owners.domain.records import Expense
from owners.events import By


@dataclass(frozen=True, slots=True)
class RecordedExpense:
    """An expense with its reading."""

    expense: Expense
    reading: RecordedReading | None


async def add_expense(
    tx: Transaction,
    car_id: UUID,
    details: dict[str, Any],
    odometer: TypedOdometer | None,
    *,
    author_id: UUID,
    now: datetime,
) -> RecordedExpense:
    """The expense and its reading; raises NotARate, DateInFuture."""
    history, person = await open_history(tx, car_id, author_id, Right.ADD_ENTRIES, entries=())
    zone = await zone_of(tx, details["time_zone"], author_id)
    check_not_future(details["expense_date"], zone_name=zone, now=now)
    rate = details["rate"]
    in_ours = rated(details["amount_minor"], details["currency"], rate, history.car.currency, digits=minor_digits)
    expense = Expense(
        id=new_id(),
        car_id=car_id,
        owner_id=history.car.owner_id,
        author_id=author_id,
        service_entry_id=None,
        attestation=None,
        created_at=now,
        updated_at=now,
        version=1,
        **details | {"time_zone": zone} | in_ours._asdict(),
    )
    by = By.person(person, now)
    await insert_expenses(tx, [expense])
    tx.record(events.expense_recorded(history.log, expense, by))
    reading = None if odometer is None else typed_for(expense, odometer, now)
    if reading is not None:
        history.readings.add(reading)
    await close_history(tx, history, by)
    return RecordedExpense(expense, reading and history.readings.get(reading.reading.id))


def typed_for(expense: Expense, odometer: TypedOdometer, now: datetime) -> RecordedReading:
    """The reading that an expense brings, on the expense's date."""
    when = Observed(expense.expense_date, None, expense.time_zone)
    typed = RecordedReading.typed(new_id(), odometer, when, source="expense", author_id=expense.author_id, now=now)
    return typed._replace(expense_id=expense.id)
