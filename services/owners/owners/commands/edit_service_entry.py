"""Changes or removes a service entry that was typed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from chassis.problems import NotFound, check_version
from owners import events
from owners.commands.add_service_entry import RecordedService, typed_for
from owners.commands.car_history import CarHistory, close_history, open_history
from owners.commands.rates import with_rate
from owners.db.files import attachments_of
from owners.db.records import (
    delete_expense,
    delete_service_entry,
    find_expense_of_entry,
    find_service_entry,
    insert_expenses,
    save_expense,
    save_service_entry,
)
from owners.domain.access import CarPerson, Right
from owners.domain.local_time import check_not_future
from owners.domain.odometer.recorded import TypedOdometer
from owners.domain.records import Expense, ServiceEntry, cost_of
from owners.events import By


async def edit_service_entry(
    tx: Transaction,
    car_id: UUID,
    entry_id: UUID,
    changes: dict[str, Any],
    *,
    caller_id: UUID,
    expected_version: Callable[[], int],
    now: datetime,
) -> RecordedService:
    """The entry after the change; its expense follows. `changes` may hold `odometer`, None to take it away.

    Raises RecordIsAttested, ReadingIsEvidence. A reading that changes stays in the history as replaced.
    """
    history, person, entry = await _open(tx, car_id, entry_id, caller_id, expected_version)
    told = history.readings.reading_of(entry_id)
    odometer: TypedOdometer | None = changes.pop("odometer", told and told.typed_as[0])
    if "lines" in changes:
        changes["cost_minor"] = cost_of(changes["lines"])
    edited = entry.edited(with_rate(changes, history.car, entry, amount="cost_minor"), now)
    check_not_future(edited.service_date, zone_name=edited.time_zone, now=now)
    reading = None if odometer is None else typed_for(edited, odometer, now)
    reading_changed = (told and told.typed_as) != (reading and reading.typed_as)
    if edited is entry and not reading_changed:
        return RecordedService(entry, await _expense_id(tx, entry_id), told)
    if edited is entry:
        edited = entry.touched(now)
    await save_service_entry(tx, edited)
    by = By.person(person, now)
    if reading_changed:
        history.readings.replace(entry_id, reading)
    in_force = history.readings.reading_of(entry_id)
    documented = bool((await attachments_of(tx, [entry_id]))[entry_id])
    tx.record(events.service_entry_changed(history.log, edited, in_force, by, has_attachment=documented))
    expense_id = await _let_expense_follow(tx, history, edited, by)
    await close_history(tx, history, by)
    return RecordedService(edited, expense_id, history.readings.reading_of(entry_id))


async def remove_service_entry(
    tx: Transaction,
    car_id: UUID,
    entry_id: UUID,
    *,
    caller_id: UUID,
    expected_version: Callable[[], int],
    now: datetime,
) -> None:
    """Removes an entry with its expense and readings; raises RecordIsAttested, ReadingIsEvidence."""
    history, person, entry = await _open(tx, car_id, entry_id, caller_id, expected_version)
    by = By.person(person, now)
    history.readings.remove(entry_id)
    expense = await find_expense_of_entry(tx, entry_id)
    if expense is not None:
        tx.record(events.expense_removed(history.log, expense, by))
    tx.record(events.service_entry_removed(history.log, entry, by))
    await close_history(tx, history, by)
    if expense is not None:
        await delete_expense(tx, expense.id)
    await delete_service_entry(tx, entry_id)


async def _open(
    tx: Transaction, car_id: UUID, entry_id: UUID, caller_id: UUID, expected_version: Callable[[], int]
) -> tuple[CarHistory, CarPerson, ServiceEntry]:
    history, person = await open_history(tx, car_id, caller_id, Right.ADD_ENTRIES, entries=[entry_id])
    entry = await find_service_entry(tx, car_id, entry_id)
    if entry is None:
        raise NotFound
    history.demand_edit(person, entry)
    entry.check_editable()
    check_version(expected_version(), entry.version)
    return history, person, entry


async def _let_expense_follow(tx: Transaction, history: CarHistory, entry: ServiceEntry, by: By) -> UUID | None:
    """Adds, changes or removes the entry's one expense."""
    expense = await find_expense_of_entry(tx, entry.id)
    wanted = Expense.of_service(new_id(), entry)
    if expense is None:
        if wanted is not None:
            await insert_expenses(tx, [wanted])
            tx.record(events.expense_recorded(history.log, wanted, by))
        return wanted.id if wanted else None
    if wanted is None:
        await delete_expense(tx, expense.id)
        tx.record(events.expense_removed(history.log, expense, by))
        return None
    following = expense.following(entry)
    if following is not expense:
        await save_expense(tx, following)
        tx.record(events.expense_changed(history.log, following, by))
    return expense.id


async def _expense_id(tx: Transaction, entry_id: UUID) -> UUID | None:
    expense = await find_expense_of_entry(tx, entry_id)
    return expense.id if expense else None
