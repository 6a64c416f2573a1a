"""Completed work orders into owners' tables by hand: asyncpg, one statement a table, arrays and `unnest`.

The same rows and the same published events as the product's, and the same rule for odometers; what is left out is
what makes it a service among others: bisection, dead letters, traces, other events, replays without the inbox.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from bench.baselines import attesting_sql as sql
from bench.baselines.attesting_rows import Attested, columns, entry, expense, lines, outbox_row
from chassis.ids import derived_id
from contracts import owners as contract
from contracts.event import Actor, Event
from contracts.workorders import WorkOrderCompleted
from owners.domain.odometer.reading import Reading, canonical_km
from owners.domain.odometer.verdict import judge

_SYSTEM = Actor(user_id=None, role="system")


@dataclass(slots=True)
class _Car:
    """A locked row, what becomes of it, and its readings."""

    row: asyncpg.Record
    attested_at: datetime | None
    updated_at: datetime
    confirmed: bool
    disputed: bool
    sequence: int
    record_sequence: int
    version: int
    readings: list[Reading] = field(default_factory=list)
    verdicts: dict[UUID, str] = field(default_factory=dict)
    new: dict[UUID, Attested] = field(default_factory=dict)
    last_ok: UUID | None = None
    last_event_at: datetime | None = None


async def attest(connection: asyncpg.Connection, consumer: str, received: Iterable[Attested]) -> None:
    """One transaction; an event whose id was there before changes nothing."""
    by_id = dict(received)
    async with connection.transaction():
        fresh = {row[0] for row in await connection.fetch(sql.CLAIM, consumer, sorted(by_id))}
        batch = [(event_id, event) for event_id, event in by_id.items() if event_id in fresh]
        if not batch:
            return
        cars = await _lock(connection, {event.car_id for _, event in batch})
        events: list[Event] = []
        for event_id, event in batch:
            _apply(cars[event.car_id], event_id, event, events)
        owner_of = {car_id: car.row["owner_id"] for car_id, car in cars.items()}
        await connection.execute(sql.SERVICE_ENTRIES, *columns([entry(one, owner_of) for one in batch]))
        await connection.execute(sql.EXPENSES, *columns([expense(one, owner_of) for one in batch]))
        await _confirm(connection, batch, cars, events)
        await _judge(connection, cars.values(), events)
        await connection.execute(sql.SAVE_CARS, *columns([_saved(car) for car in cars.values()]))
        await connection.execute(sql.OUTBOX, *columns([outbox_row(event) for event in events]))


async def _lock(connection: asyncpg.Connection, ids: set[UUID]) -> dict[UUID, _Car]:
    cars = {}
    for row in await connection.fetch(sql.LOCK_CARS, list(ids)):
        state = ("attested_at", "updated_at", "identity_confirmed", "identity_disputed")
        counters = ("sequence", "record_sequence", "version")
        cars[row["id"]] = _Car(row, *(row[name] for name in (*state, *counters)))
    for car_id, id_, value, unit, km, on, at, provenance, verdict in await connection.fetch(sql.READINGS, list(ids)):
        reading = Reading(id_, value, unit, km, on, at, provenance == "attested", verdict == "replaced")
        cars[car_id].readings.append(reading)
        cars[car_id].verdicts[id_] = verdict
    return cars


def _apply(car: _Car, event_id: UUID, event: WorkOrderCompleted, events: list[Event]) -> None:
    """Adds the reading to the car, and the two facts to what is published."""
    km, at = _add_reading(car, event_id, event), event.occurred_at
    if car.attested_at is None:
        car.attested_at = car.updated_at = at
        car.version += 1
    car.last_event_at = at
    told: dict[str, Any] = {
        "occurred_at": at,
        "actor": event.actor,
        "car_id": event.car_id,
        "owner_id": car.row["owner_id"],
        "provenance": "attested",
        "attestation": contract.Attestation(
            center_id=event.center_id, work_order_id=event.work_order_id, snapshot_sha256=event.snapshot_sha256
        ),
    }
    entry_id, completed_on = derived_id(event_id, "service-entry"), event.snapshot.completed_on
    recorded = contract.ServiceEntryRecorded(
        sequence=car.record_sequence + 1,
        entry_id=entry_id,
        service_date=completed_on,
        odometer_km=km,
        titles=tuple(line["title"] for line in lines(event)),
        has_attachment=False,
        **told,
    )
    spent = contract.ExpenseRecorded(
        sequence=car.record_sequence + 2,
        expense_id=derived_id(event_id, "expense"),
        expense_date=completed_on,
        category="service",
        amount_minor=event.snapshot.totals.total_minor,
        currency=event.snapshot.totals.currency,
        service_entry_id=entry_id,
        **told,
    )
    car.record_sequence += 2
    events += (recorded, spent)


def _add_reading(car: _Car, event_id: UUID, event: WorkOrderCompleted) -> int | None:
    odometer = event.snapshot.odometer
    if not odometer.readable or odometer.value is None:
        return None
    value, at = Decimal(odometer.value), odometer.measured_at
    on = at.astimezone(ZoneInfo(event.snapshot.center.time_zone)).date()
    id_, km = derived_id(event_id, "odometer-reading"), canonical_km(value, odometer.unit)
    car.readings.append(Reading(id_, value, odometer.unit, km, on, at, attested=True))
    car.new[id_] = event_id, event
    return km


async def _confirm(
    connection: asyncpg.Connection, batch: Sequence[Attested], cars: dict[UUID, _Car], events: list[Event]
) -> None:
    """Confirms the VIN of cars attested for the first time."""
    first: dict[UUID, WorkOrderCompleted] = {}
    for _, event in batch:
        car, named = cars[event.car_id], event.snapshot.car
        if not car.confirmed and not car.disputed and named.vin and named.vin == car.row["vin"]:
            first.setdefault(event.car_id, event)
    if not first:
        return
    vins = [cars[car_id].row["vin"] for car_id in first]
    confirmed = {row[0] for row in await connection.fetch(sql.CLAIM_IDENTITIES, vins, list(first))}
    for car_id, event in first.items():
        car = cars[car_id]
        car.confirmed, car.disputed = car_id in confirmed, car_id not in confirmed
        car.updated_at = event.occurred_at
        car.sequence += 1
        car.version += 1
        events.append(_car_updated(car))


def _car_updated(car: _Car) -> contract.CarUpdated:
    same = (
        *("vin", "frame_number", "plate", "make", "model", "year", "owner_id"),
        *("energy_kinds", "odometer_unit", "currency"),
    )
    return contract.CarUpdated(
        sequence=car.sequence,
        occurred_at=car.updated_at,
        actor=_SYSTEM,
        car_id=car.row["id"],
        identity_confirmed=car.confirmed,
        archived=car.row["archived_at"] is not None,
        **{name: car.row[name] for name in same},
    )


async def _judge(connection: asyncpg.Connection, cars: Iterable[_Car], events: list[Event]) -> None:
    """Judges every car's readings anew; writes the new ones and the verdicts that differ."""
    new: list[Sequence[object]] = []
    changed: list[Sequence[object]] = []
    for car in cars:
        judged = judge(car.readings)
        car.last_ok = judged.last_ok
        verdicts = {id_: judgement.verdict for id_, judgement in judged.judgements.items()}
        differing = [reading for reading in car.readings if car.verdicts.get(reading.id) != verdicts[reading.id]]
        if not differing:
            continue
        new += [_reading(car, one, verdicts[one.id]) for one in differing if one.id in car.new]
        changed += [(one.id, verdicts[one.id]) for one in differing if one.id not in car.new]
        car.record_sequence += 1
        events.append(_odometer_judged(car, differing, verdicts))
    if new:
        await connection.execute(sql.NEW_READINGS, *columns(new))
    if changed:
        await connection.execute(sql.CHANGED_VERDICTS, *columns(changed))


def _reading(car: _Car, reading: Reading, verdict: str) -> Sequence[object]:
    event_id, event = car.new[reading.id]
    return (
        reading.id,
        event.car_id,
        car.row["owner_id"],
        reading.value,
        reading.unit,
        reading.km,
        reading.observed_on,
        reading.observed_at,
        event.snapshot.center.time_zone,
        derived_id(event_id, "service-entry"),
        event.center_id,
        event.work_order_id,
        event.revision,
        event.snapshot_sha256,
        event.snapshot.completed_by,
        event.occurred_at,
        verdict,
    )


def _odometer_judged(car: _Car, differing: Sequence[Reading], verdicts: dict[UUID, Any]) -> contract.OdometerJudged:
    told = {one.id: _verdict(one, verdicts[one.id]) for one in car.readings}
    states = list(verdicts.values())
    assert car.last_event_at is not None
    return contract.OdometerJudged(
        sequence=car.record_sequence,
        occurred_at=car.last_event_at,
        actor=_SYSTEM,
        car_id=car.row["id"],
        owner_id=car.row["owner_id"],
        provenance="attested" if car.new else "self_declared",
        changed=tuple(told[one.id] for one in differing),
        last_ok=None if car.last_ok is None else told[car.last_ok],
        reading_count=len(states) - states.count("replaced"),
        suspect_count=states.count("suspect") + states.count("quarantined"),
        rollback_count=states.count("rollback"),
    )


def _verdict(reading: Reading, verdict: Any) -> contract.ReadingVerdict:
    return contract.ReadingVerdict(
        reading_id=reading.id,
        source="work_order",
        provenance="attested",
        value=format(reading.value, "f"),
        unit=reading.unit,
        km=reading.km,
        observed_on=reading.observed_on.isoformat(),
        observed_at=reading.observed_at,
        verdict=verdict,
    )


def _saved(car: _Car) -> Sequence[object]:
    counters = car.sequence, car.record_sequence, car.version
    return car.row["id"], car.attested_at, car.confirmed, car.disputed, car.last_ok, car.updated_at, *counters
