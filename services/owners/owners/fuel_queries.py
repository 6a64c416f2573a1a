"""The read side of fuel: entries, and what a car consumes. None of it grows with the length of the history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select, tuple_

from chassis.db import Transaction
from chassis.http import Position
from owners.db.consumption import last_ends, sums_of
from owners.db.files import attachments_of
from owners.db.fuel import find_fuel_entry, fuel_entry_of
from owners.db.models import fuel_entry
from owners.domain.car import Car, EnergyKind
from owners.domain.files import Attachment
from owners.domain.fuel.changes import ALL_TIME
from owners.domain.fuel.entry import FuelEntry
from owners.domain.fuel.summary import Series, series_of
from owners.domain.odometer.recorded import RecordedReading
from owners.queries import readings_in_force

_KINDS: Final[tuple[EnergyKind, ...]] = ("petrol", "diesel", "lpg", "cng", "electric", "hydrogen")


@dataclass(frozen=True, slots=True)
class ShownFuel:
    """A fuel entry with its reading and files."""

    entry: FuelEntry
    reading: RecordedReading | None
    files: Sequence[Attachment]


async def list_fuel_entries(
    tx: Transaction, car_id: UUID, *, after: Position | None, limit: int, kind: EnergyKind | None = None
) -> list[ShownFuel]:
    """The car's fuel entries, of one kind if that is given; the latest first."""
    found = select(fuel_entry).where(fuel_entry.c.car_id == car_id)
    if kind is not None:
        found = found.where(fuel_entry.c.energy_kind == kind)
    rows = (await tx.execute(_latest_first(found, after, limit))).mappings()
    entries = [fuel_entry_of(row) for row in rows]
    readings = await readings_in_force(tx, "fuel_entry_id", [entry.id for entry in entries])
    files = await attachments_of(tx, [entry.id for entry in entries])
    return [ShownFuel(entry, readings.get(entry.id), files[entry.id]) for entry in entries]


async def show_fuel_entry(tx: Transaction, car_id: UUID, entry_id: UUID) -> ShownFuel | None:
    """One fuel entry of the car."""
    found = await find_fuel_entry(tx, car_id, entry_id)
    if found is None:
        return None
    readings = await readings_in_force(tx, "fuel_entry_id", [entry_id])
    return ShownFuel(found, readings.get(entry_id), (await attachments_of(tx, [entry_id]))[entry_id])


async def consumption(tx: Transaction, car: Car) -> list[Series]:
    """What the car consumes in its owner's time, by each kind that it was ever filled with."""
    last = await last_ends(tx, car, _KINDS)
    return series_of(await sums_of(tx, car, ALL_TIME), last)


async def list_interval_ends(
    tx: Transaction, car_id: UUID, kind: EnergyKind, *, after: Position | None, limit: int
) -> list[FuelEntry]:
    """The entries of one kind that own a consumption figure, the latest first."""
    owners_of_figures = (fuel_entry.c.energy_kind == kind, fuel_entry.c.interval_km.is_not(None))
    found = select(fuel_entry).where(fuel_entry.c.car_id == car_id, *owners_of_figures)
    return [fuel_entry_of(row) for row in (await tx.execute(_latest_first(found, after, limit))).mappings()]


def _latest_first(found: Select[Any], after: Position | None, limit: int) -> Select[Any]:
    columns = fuel_entry.c
    if after is not None:
        found = found.where(tuple_(columns.listed_at, columns.id) < after)
    return found.order_by(columns.listed_at.desc(), columns.id.desc()).limit(limit)
