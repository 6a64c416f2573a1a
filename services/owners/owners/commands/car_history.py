"""A car's history under the car's lock: opened at the beginning of a use case, settled at its end."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from chassis.consuming import Received
from chassis.db import Transaction
from contracts.event import Event
from owners.commands.access import lock_car_for
from owners.commands.refresh_consumption import refresh_consumption
from owners.db.cars import save_attested_cars, save_car
from owners.db.readings import load_histories, save_outcomes
from owners.db.standings import complete, load_touched, save_standings
from owners.domain.access import CarPerson, NotPermitted, Right
from owners.domain.car import Car
from owners.domain.fuel.changes import FuelChanges
from owners.domain.fuel.entry import FuelEntry
from owners.domain.odometer.history import OdometerHistory, Outcome
from owners.domain.records import Expense, ServiceEntry
from owners.events import By, RecordLog, odometer_judged


@dataclass(slots=True)
class CarHistory:
    """A locked car, its readings, the numbering of the events of its history, and what changes among its fills."""

    car: Car
    readings: OdometerHistory
    log: RecordLog
    fuel: FuelChanges = field(default_factory=FuelChanges)

    def demand_edit(self, person: CarPerson, record: FuelEntry | ServiceEntry | Expense) -> None:
        """Raises NotPermitted unless this person may change and remove the record."""
        if record.owner_id != self.car.owner_id:
            raise NotPermitted("This belongs to an earlier owner's time: it can be read, not changed.")
        person.demand_edit_of(record.author_id)


class Settling(NamedTuple):
    """A history to settle, on whose behalf, and after which received event, if any."""

    history: CarHistory
    by: By
    cause: Received[Event] | None = None


async def open_history(
    tx: Transaction, car_id: UUID, caller_id: UUID, right: Right, *, entries: Collection[UUID] | None = None
) -> tuple[CarHistory, CarPerson]:
    """The history of a car, and who the caller is there; raises NotFound (404), NotPermitted (403).

    `entries`: the only ones whose stored readings are looked at, so that a long history need not be loaded whole.
    """
    car, person = await lock_car_for(tx, car_id, caller_id, right)
    if entries is None:
        histories = await load_histories(tx, [car_id])
    else:
        histories = await load_touched(tx, {car_id: car}, entries=entries)
    return CarHistory(car, histories[car_id], RecordLog(car)), person


async def close_history(tx: Transaction, history: CarHistory, by: By) -> None:
    """Judges the readings anew, publishes what changed and writes the car."""
    for car in await settle(tx, [Settling(history, by)]):
        await save_car(tx, car)


async def settle_attested(
    tx: Transaction, histories: Mapping[UUID, CarHistory], causes: Mapping[UUID, Received[Any]]
) -> None:
    """Settles the histories of the cars of a batch, each after the last event that changed it, and writes the cars."""
    settlings = [
        Settling(histories[car_id], By.system(cause.event.occurred_at), cause) for car_id, cause in causes.items()
    ]
    save_attested_cars(tx, await settle(tx, settlings))


async def settle(tx: Transaction, settlings: Iterable[Settling]) -> list[Car]:
    """Judges each car's readings anew, writes and publishes what changed; the cars with their new counters."""
    settlings = list(settlings)
    await complete(tx, [settling.history.readings for settling in settlings])
    outcomes: list[tuple[Outcome, UUID]] = []
    settled: list[tuple[CarHistory, Outcome | None]] = []
    cars: list[Car] = []
    for settling in settlings:
        history = settling.history
        outcome = history.readings.settle()
        last_ok = history.car.last_ok_reading_id
        if outcome is not None:
            outcomes.append((outcome, history.car.owner_id))
            last_ok = outcome.last_ok.reading.id if outcome.last_ok else None
            for event in odometer_judged(history.log, outcome, settling.by):
                tx.record(event, cause=settling.cause)
        settled.append((history, outcome))
        cars.append(history.car._replace(last_ok_reading_id=last_ok, record_sequence=history.log.sequence))
    await save_outcomes(tx, outcomes)
    await save_standings(
        tx,
        [
            (history.car.id, history.log.sequence, history.readings.settled)
            for history, _ in settled
            if history.readings.settled is not None
        ],
    )
    for history, outcome in settled:
        await refresh_consumption(tx, history.car, history.fuel, outcome.changed if outcome else ())
    return cars
