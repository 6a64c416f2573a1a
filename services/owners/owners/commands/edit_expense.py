"""Changes or removes an expense that was typed and stands for itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.db import Transaction
from chassis.problems import NotFound, check_version
from owners import events
from owners.commands.add_expense import RecordedExpense, typed_for
from owners.commands.car_history import CarHistory, close_history, open_history
from owners.commands.rates import with_rate
from owners.db.records import delete_expense, find_expense, save_expense
from owners.domain.access import CarPerson, Right
from owners.domain.local_time import check_not_future
from owners.domain.odometer.recorded import TypedOdometer
from owners.domain.records import Expense
from owners.events import By


async def edit_expense(
    tx: Transaction,
    car_id: UUID,
    expense_id: UUID,
    changes: dict[str, Any],
    *,
    caller_id: UUID,
    expected_version: Callable[[], int],
    now: datetime,
) -> RecordedExpense:
    """The expense after the change. `changes` may hold `odometer`, None to take it away.

    Raises RecordIsAttested, ExpenseBelongsToService, ReadingIsEvidence.
    """
    history, person, expense = await _open(tx, car_id, expense_id, caller_id, expected_version)
    told = history.readings.reading_of(expense_id)
    odometer: TypedOdometer | None = changes.pop("odometer", told and told.typed_as[0])
    edited = expense.edited(with_rate(changes, history.car, expense, amount="amount_minor"), now)
    check_not_future(edited.expense_date, zone_name=edited.time_zone, now=now)
    reading = None if odometer is None else typed_for(edited, odometer, now)
    reading_changed = (told and told.typed_as) != (reading and reading.typed_as)
    if edited is expense and not reading_changed:
        return RecordedExpense(expense, told)
    if edited is expense:
        edited = expense.touched(now)
    await save_expense(tx, edited)
    by = By.person(person, now)
    tx.record(events.expense_changed(history.log, edited, by))
    if reading_changed:
        history.readings.replace(expense_id, reading)
    await close_history(tx, history, by)
    return RecordedExpense(edited, history.readings.reading_of(expense_id))


async def remove_expense(
    tx: Transaction,
    car_id: UUID,
    expense_id: UUID,
    *,
    caller_id: UUID,
    expected_version: Callable[[], int],
    now: datetime,
) -> None:
    """Removes an expense with its readings; raises like edit_expense."""
    history, person, expense = await _open(tx, car_id, expense_id, caller_id, expected_version)
    by = By.person(person, now)
    history.readings.remove(expense_id)
    tx.record(events.expense_removed(history.log, expense, by))
    await close_history(tx, history, by)
    await delete_expense(tx, expense_id)


async def _open(
    tx: Transaction, car_id: UUID, expense_id: UUID, caller_id: UUID, expected_version: Callable[[], int]
) -> tuple[CarHistory, CarPerson, Expense]:
    history, person = await open_history(tx, car_id, caller_id, Right.ADD_ENTRIES, entries=[expense_id])
    expense = await find_expense(tx, car_id, expense_id)
    if expense is None:
        raise NotFound
    history.demand_edit(person, expense)
    expense.check_editable()
    check_version(expected_version(), expense.version)
    return history, person, expense
