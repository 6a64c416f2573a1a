"""Completed work orders become what the owners' cars remember: one service, one expense, one reading each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from chassis.consuming import Received, Refuse
from chassis.db import Transaction
from chassis.ids import derived_id
from owners import events
from owners.commands.car_history import CarHistory, settle_attested
from owners.db.cars import claim_identities, former_owners, lock_cars
from owners.db.readings import load_histories
from owners.db.records import insert_services
from owners.db.standings import load_touched
from owners.domain.completion import Completion
from owners.domain.odometer.recorded import RecordedReading
from owners.domain.records import Expense, ServiceEntry
from owners.events import By, RecordLog

SERVICE_ENTRY: Final = "service-entry"
EXPENSE: Final = "expense"
READING: Final = "odometer-reading"
REPLACEMENT: Final = "meter-replacement"
REMOVED_READING: Final = "removed-meter-reading"


class Attesting(NamedTuple):
    """A completion, and the event that told of it."""

    completion: Completion
    cause: Received[Any]

    @property
    def by(self) -> By:
        """Who completed the order, and when."""
        return By(self.cause.event.actor, self.completion.occurred_at)


class _Effects(NamedTuple):
    """The three rows of one completion, and its car's history; what a replaced meter adds is looked up when needed."""

    attesting: Attesting
    history: CarHistory
    entry: ServiceEntry
    expense: Expense
    reading: RecordedReading | None


async def attest_work_orders(tx: Transaction, batch: Sequence[Attesting]) -> None:
    """Exactly one effect of each kind per work order and revision, in as many statements for a batch as for one.

    Who has the rows already makes nothing and publishes nothing. Raises Refuse for a car that does not exist.
    """
    completions = [attesting.completion for attesting in batch]
    whole = any(one.meter is not None for one in completions)  # what another meter changes is judged with everything
    orders = None if whole else [one.attestation.work_order_id for one in completions]
    histories = await open_histories(tx, {one.car_id for one in completions}, orders=orders)
    owners = await _owners(tx, batch, histories)
    effects = [_effects(one, histories[one.completion.car_id], owner) for one, owner in zip(batch, owners, strict=True)]
    entries, expenses = [one.entry for one in effects], [one.expense for one in effects]
    new_entries, new_expenses = await insert_services(tx, entries, expenses)
    last: dict[UUID, Received[Any]] = {}
    for one in effects:
        published = _publish(tx, one, new_entries, new_expenses)
        added = _read(one)
        if published or added:
            last[one.history.car.id] = one.attesting.cause
            one.history.car = one.history.car.attested(one.attesting.completion.occurred_at)
    await _identify(tx, [one for one in effects if one.entry.id in new_entries])
    await settle_attested(tx, histories, last)


async def open_histories(
    tx: Transaction, car_ids: set[UUID], *, orders: Collection[UUID] | None = None
) -> Mapping[UUID, CarHistory]:
    """The histories of cars, locked; raises Refuse for a car that does not exist.

    `orders`: the only ones whose stored readings are looked at, so that a long history need not be loaded whole.
    """
    cars = await lock_cars(tx, car_ids)
    for missing in sorted(car_ids - cars.keys()):
        raise Refuse(f"there is no car {missing}")
    if orders is None:
        readings = await load_histories(tx, car_ids)
    else:
        readings = await load_touched(tx, cars, orders=orders)
    return {car_id: CarHistory(car, readings[car_id], RecordLog(car)) for car_id, car in cars.items()}


async def _owners(tx: Transaction, batch: Sequence[Attesting], histories: Mapping[UUID, CarHistory]) -> list[UUID]:
    """Whose each order is: who had the car when it was opened pays for it, even when it is done after a transfer."""
    told = [(one.completion.car_id, one.completion.owner_id) for one in batch]
    present = {car_id: history.car.owner_id for car_id, history in histories.items()}
    others = {car_id for car_id, owner_id in told if owner_id != present[car_id]}
    former = await former_owners(tx, others) if others else set()
    return [owner_id if (car_id, owner_id) in former else present[car_id] for car_id, owner_id in told]


def _effects(attesting: Attesting, history: CarHistory, owner_id: UUID) -> _Effects:
    event_id, completion = attesting.cause.id, attesting.completion
    entry = completion.service_entry(derived_id(event_id, SERVICE_ENTRY), owner_id)
    expense = Expense.of_service(derived_id(event_id, EXPENSE), entry)
    if expense is None:
        raise Refuse("a completed work order has a total")
    reading = completion.reading(derived_id(event_id, READING), entry.id)
    return _Effects(attesting, history, entry, expense, reading)


def _publish(tx: Transaction, one: _Effects, new_entries: set[UUID], new_expenses: set[UUID]) -> bool:
    log, by, cause = one.history.log, one.attesting.by, one.attesting.cause
    before = log.sequence
    if one.entry.id in new_entries:
        tx.record(events.service_entry_recorded(log, one.entry, one.reading, by), cause=cause)
    if one.expense.id in new_expenses:
        tx.record(events.expense_recorded(log, one.expense, by), cause=cause)
    return log.sequence > before


def _read(one: _Effects) -> bool:
    """Adds the reading at hand-over; before it a replaced meter, and what that one showed last."""
    reading, readings = one.reading, one.history.readings
    if reading is None:
        return False
    completion, event_id = one.attesting.completion, one.attesting.cause.id
    replacement = completion.replacement(derived_id(event_id, REPLACEMENT)) if completion.meter else None
    if replacement is not None and readings.replace_meter(replacement):
        reading = reading._replace(meter_replacement_id=replacement.id)
        removed = completion.last_of(replacement, derived_id(event_id, REMOVED_READING))
        if removed is not None:
            readings.add(removed)
    return readings.add(reading)


async def _identify(tx: Transaction, effects: Sequence[_Effects]) -> None:
    """Confirms the VIN or frame number of cars attested for the first time; a rival claim is left to a moderator."""
    candidates: dict[UUID, _Effects] = {}
    for one in effects:
        car = one.history.car
        if car.identity_status == "unconfirmed" and one.attesting.completion.names(car):
            candidates.setdefault(car.id, one)
    confirmed = await claim_identities(tx, [one.history.car for one in candidates.values()])
    for car_id, one in candidates.items():
        now = one.attesting.completion.occurred_at
        one.history.car = one.history.car.identified(confirmed=car_id in confirmed, now=now)
        tx.record(events.car_updated(one.history.car, By.system(now)), cause=one.attesting.cause)
