"""Changes or removes a fuel entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from chassis.db import Transaction
from chassis.problems import NotFound, check_version
from owners import events
from owners.commands.add_fuel_entry import RecordedFuel, recorded, typed_for
from owners.commands.car_history import CarHistory, close_history, open_history
from owners.commands.rates import with_rate
from owners.currencies import minor_digits
from owners.db.fuel import find_fuel_entry, save_fuel_entry
from owners.domain.access import CarPerson, Right
from owners.domain.car import Car
from owners.domain.errors import NotAPurchase
from owners.domain.fuel.entry import FuelEntry
from owners.domain.fuel.kinds import kind_for
from owners.domain.fuel.purchase import Stated, purchase
from owners.domain.local_time import check_not_future, instant_of, zone
from owners.domain.odometer.recorded import TypedOdometer
from owners.events import By

_PURCHASE: Final = ("volume", "unit_price", "total_minor", "currency")
_WHEN: Final = ("filled_on", "local_time", "time_zone")


async def edit_fuel_entry(
    tx: Transaction,
    car_id: UUID,
    entry_id: UUID,
    changes: dict[str, Any],
    *,
    caller_id: UUID,
    expected_version: Callable[[], int],
    now: datetime,
) -> RecordedFuel:
    """The entry after the change. `changes` may hold `odometer`, None to take it away.

    Raises NotAPurchase, WrongEnergyKind, DateInFuture, ReadingIsEvidence.
    """
    history, person, entry = await _open(tx, car_id, entry_id, caller_id, expected_version)
    told = history.readings.reading_of(entry_id)
    odometer: TypedOdometer | None = changes.pop("odometer", told and told.typed_as[0])
    details = with_rate(_details(entry, history.car, changes), history.car, entry, amount="total_minor")
    edited = entry.edited(details, now)
    edited.check(with_odometer=odometer is not None)
    check_not_future(edited.filled_on, zone_name=edited.time_zone, now=now)
    reading = None if odometer is None else typed_for(edited, odometer, now)
    reading_changed = (told and told.typed_as) != (reading and reading.typed_as)
    if edited is entry and not reading_changed:
        return RecordedFuel(entry, told)
    if edited is entry:
        edited = entry.touched(now)
    history.fuel.release(entry)
    edited = replace(edited, interval=None)
    await save_fuel_entry(tx, edited)
    if reading_changed:
        history.readings.replace(entry_id, reading)
    history.fuel.touch(edited)
    by = By.person(person, now)
    tx.record(events.fuel_entry_changed(history.log, edited, history.readings.reading_of(entry_id), by))
    await close_history(tx, history, by)
    return await recorded(tx, edited, history.readings.reading_of(entry_id))


async def remove_fuel_entry(
    tx: Transaction,
    car_id: UUID,
    entry_id: UUID,
    *,
    caller_id: UUID,
    expected_version: Callable[[], int],
    now: datetime,
) -> None:
    """Removes an entry with its readings; raises ReadingIsEvidence."""
    history, person, entry = await _open(tx, car_id, entry_id, caller_id, expected_version)
    by = By.person(person, now)
    history.readings.remove(entry_id)
    history.fuel.remove(entry)
    tx.record(events.fuel_entry_removed(history.log, entry, by))
    await close_history(tx, history, by)


async def _open(
    tx: Transaction, car_id: UUID, entry_id: UUID, caller_id: UUID, expected_version: Callable[[], int]
) -> tuple[CarHistory, CarPerson, FuelEntry]:
    history, person = await open_history(tx, car_id, caller_id, Right.ADD_ENTRIES, entries=[entry_id])
    entry = await find_fuel_entry(tx, car_id, entry_id)
    if entry is None:
        raise NotFound
    history.demand_edit(person, entry)
    check_version(expected_version(), entry.version)
    return history, person, entry


def _details(entry: FuelEntry, car: Car, changes: dict[str, Any]) -> dict[str, Any]:
    """The fields of the entry that change with what was sent."""
    details = {name: value for name, value in changes.items() if name not in {*_PURCHASE, *_WHEN}}
    if changes.get("energy_kind", entry.energy_kind) != entry.energy_kind:
        kind_for(changes["energy_kind"], car.energy_kinds)
    if changes.keys() & set(_PURCHASE):
        details |= _bought(entry, car, changes)
    if changes.keys() & set(_WHEN):
        details |= _when(entry, changes)
    return details


def _bought(entry: FuelEntry, car: Car, changes: dict[str, Any]) -> dict[str, Any]:
    """What was told before and is told now make the rest anew."""
    told = entry.purchase.stated
    stated = Stated(*(changes.get(name, getattr(told, name)) for name in Stated._fields))
    currency = changes.get("currency") or entry.currency or car.currency
    if currency != entry.currency and told.total_minor is not None and "total_minor" not in changes:
        raise NotAPurchase("Send the total as well: it is an amount of the other currency.")
    priced = stated.unit_price is not None or stated.total_minor is not None
    bought = purchase(stated, scale=minor_digits(currency))
    return bought._asdict() | {"currency": currency if priced else None}


def _when(entry: FuelEntry, changes: dict[str, Any]) -> dict[str, Any]:
    zone_name = changes.get("time_zone", entry.time_zone)
    day = changes.get("filled_on", entry.filled_on)
    clock = None if entry.filled_at is None else entry.filled_at.astimezone(zone(entry.time_zone)).time()
    clock = changes.get("local_time", clock)
    at = None if clock is None else instant_of(day, clock, zone_name)
    return {"filled_on": day, "filled_at": at, "time_zone": zone_name}
