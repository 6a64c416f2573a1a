"""Enters a fill or a charge by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from chassis.problems import Unauthenticated
from owners import events
from owners.commands.car_history import close_history, open_history
from owners.currencies import minor_digits
from owners.db.fuel import find_fuel_entry, insert_fuel_entries
from owners.db.users import find_user
from owners.domain.access import Right
from owners.domain.car import Car
from owners.domain.conversion import rated
from owners.domain.fuel.entry import FuelEntry
from owners.domain.fuel.kinds import kind_for, unit_for
from owners.domain.fuel.purchase import Stated, purchase
from owners.domain.local_time import check_not_future, instant_of
from owners.domain.odometer.recorded import Observed, RecordedReading, TypedOdometer
from owners.domain.user import User
from owners.events import By


@dataclass(frozen=True, slots=True)
class RecordedFuel:
    """A fuel entry with its reading."""

    entry: FuelEntry
    reading: RecordedReading | None


async def add_fuel_entry(
    tx: Transaction,
    car_id: UUID,
    details: dict[str, Any],
    odometer: TypedOdometer | None,
    *,
    author_id: UUID,
    now: datetime,
) -> RecordedFuel:
    """The entry with the consumption figure that it closes, and its reading.

    Raises NotAPurchase, WrongEnergyKind, DateInFuture.
    """
    history, person = await open_history(tx, car_id, author_id, Right.ADD_ENTRIES, entries=())
    author = await find_user(tx, author_id)
    if author is None:
        raise Unauthenticated("This account is gone.")
    entry = new_fuel_entry(history.car, author, details, now)
    entry.check(with_odometer=odometer is not None)
    check_not_future(entry.filled_on, zone_name=entry.time_zone, now=now)
    await insert_fuel_entries(tx, [entry])
    reading = None if odometer is None else typed_for(entry, odometer, now)
    by = By.person(person, now)
    tx.record(events.fuel_entry_recorded(history.log, entry, reading, by))
    if reading is not None:
        history.readings.add(reading)
    history.fuel.touch(entry)
    await close_history(tx, history, by)
    return await recorded(tx, entry, reading and history.readings.get(reading.reading.id))


async def recorded(tx: Transaction, entry: FuelEntry, reading: RecordedReading | None) -> RecordedFuel:
    """The entry as it stands after its history was closed, with its judged reading."""
    stored = await find_fuel_entry(tx, entry.car_id, entry.id)
    return RecordedFuel(stored or entry, reading)


def new_fuel_entry(car: Car, author: User, details: dict[str, Any], now: datetime) -> FuelEntry:
    """The entry that `details` tell, not checked yet; what they leave out is the car's or the author's usual.

    Raises NotAPurchase, NotARate, WrongEnergyKind.
    """
    told = dict(details)
    kind = kind_for(told.pop("energy_kind"), car.energy_kinds)
    zone = told.pop("time_zone") or author.time_zone
    clock = told.pop("local_time")
    stated = Stated(told.pop("volume"), told.pop("unit_price"), told.pop("total_minor"))
    currency = told.pop("currency") or car.currency
    priced = stated.unit_price is not None or stated.total_minor is not None
    bought = purchase(stated, scale=minor_digits(currency))
    in_ours = rated(
        bought.total_minor, currency if priced else None, told.pop("rate"), car.currency, digits=minor_digits
    )
    return FuelEntry(
        id=new_id(),
        car_id=car.id,
        owner_id=car.owner_id,
        author_id=author.id,
        filled_at=None if clock is None else instant_of(told["filled_on"], clock, zone),
        time_zone=zone,
        energy_kind=kind,
        volume_unit=unit_for(told.pop("volume_unit"), kind, author.volume_unit),
        currency=currency if priced else None,
        accepted_km=None,
        interval=None,
        created_at=now,
        updated_at=now,
        version=1,
        **told,
        **bought._asdict(),
        **in_ours._asdict(),
    )


def typed_for(entry: FuelEntry, odometer: TypedOdometer, now: datetime) -> RecordedReading:
    """The reading that an entry brings, at the entry's time."""
    when = Observed(entry.filled_on, entry.filled_at, entry.time_zone)
    typed = RecordedReading.typed(new_id(), odometer, when, source="fuel", author_id=entry.author_id, now=now)
    return typed._replace(fuel_entry_id=entry.id)
