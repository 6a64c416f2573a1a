"""Sets up an expense that comes back, changes it, ends it; and enters it on its day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import derived_id, new_id
from chassis.problems import NotFound, check_version
from chassis.timers import Timers
from owners import events
from owners.commands.access import lock_car_for
from owners.commands.time_zone import zone_of
from owners.db.cars import lock_cars, save_attested_cars
from owners.db.ownership import Whose
from owners.db.records import insert_expenses
from owners.db.schedules import count_schedules, find_schedule, insert_schedule, save_entered, save_schedule
from owners.domain.access import Right
from owners.domain.schedule import MOST_SCHEDULES, ExpenseSchedule, TooManySchedules
from owners.events import By, RecordLog

SCHEDULED_EXPENSE: Final = "scheduled-expense"


async def schedule_expense(
    tx: Transaction, timers: Timers, car_id: UUID, details: dict[str, Any], *, caller_id: UUID, now: datetime
) -> ExpenseSchedule:
    """The schedule; raises ScheduleInPast, TooManySchedules."""
    car, _ = await lock_car_for(tx, car_id, caller_id, Right.ADD_ENTRIES)
    if await count_schedules(tx, Whose(car.id, car.owner_id)) >= MOST_SCHEDULES:
        raise TooManySchedules(f"A car has at most {MOST_SCHEDULES} schedules.")
    zone = await zone_of(tx, details["time_zone"], caller_id)
    new = ExpenseSchedule(
        id=new_id(),
        car_id=car.id,
        owner_id=car.owner_id,
        author_id=caller_id,
        entered=0,
        ended_at=None,
        created_at=now,
        updated_at=now,
        version=1,
        **details | {"time_zone": zone},
    )
    new.check_ahead(now)
    await insert_schedule(tx, new)
    await _watch(tx, timers, new)
    return new


async def edit_schedule(
    tx: Transaction,
    timers: Timers,
    car_id: UUID,
    schedule_id: UUID,
    changes: dict[str, Any],
    *,
    caller_id: UUID,
    expected_version: Callable[[], int],
    now: datetime,
) -> ExpenseSchedule:
    """The schedule after the change; what it entered before stays as it is. Raises ScheduleInPast."""
    schedule = await _open(tx, car_id, schedule_id, caller_id, expected_version)
    edited = schedule.edited(changes, now)
    if edited is not schedule:
        await save_schedule(tx, edited)
        await _watch(tx, timers, edited)
    return edited


async def end_schedule(
    tx: Transaction,
    timers: Timers,
    car_id: UUID,
    schedule_id: UUID,
    *,
    caller_id: UUID,
    expected_version: Callable[[], int],
    now: datetime,
) -> None:
    """Nothing comes of it any more; what it entered stays."""
    schedule = await _open(tx, car_id, schedule_id, caller_id, expected_version)
    ended = schedule._replace(ended_at=now, updated_at=now, version=schedule.version + 1)
    await save_schedule(tx, ended)
    await _watch(tx, timers, ended)


async def enter_scheduled(tx: Transaction, timers: Timers, schedule_id: UUID, *, due_at: datetime) -> None:
    """Enters the expense that was due then, and waits for the next; one that moved or ended meanwhile is left alone."""
    seen = await find_schedule(tx, schedule_id)
    if seen is None:
        return
    cars = await lock_cars(tx, [seen.car_id])  # before the schedule, as every command does
    schedule = await find_schedule(tx, schedule_id, lock=True)
    if schedule is None or schedule.due_at != due_at:
        return
    entry = schedule.entry(derived_id(schedule.id, due_at.isoformat()), due_at)
    if entry is None:
        return
    after, expense = entry
    car = cars[schedule.car_id]
    log = RecordLog(car)
    if await insert_expenses(tx, [expense]):
        tx.record(events.expense_recorded(log, expense, By.system(due_at)))
        save_attested_cars(tx, [car._replace(record_sequence=log.sequence)])
    await save_entered(tx, after)
    await _watch(tx, timers, after)


async def _open(
    tx: Transaction, car_id: UUID, schedule_id: UUID, caller_id: UUID, expected_version: Callable[[], int]
) -> ExpenseSchedule:
    _, person = await lock_car_for(tx, car_id, caller_id, Right.ADD_ENTRIES)
    schedule = await find_schedule(tx, schedule_id, car_id)
    if schedule is None:
        raise NotFound
    person.demand_edit_of(schedule.author_id)
    check_version(expected_version(), schedule.version)
    return schedule


async def _watch(tx: Transaction, timers: Timers, schedule: ExpenseSchedule) -> None:
    if schedule.due_at is None:
        await timers.cancel(tx, SCHEDULED_EXPENSE, schedule.id)
    else:
        await timers.schedule(tx, SCHEDULED_EXPENSE, schedule.id, schedule.due_at)
