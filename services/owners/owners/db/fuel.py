"""Fuel entries in their table."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy import RowMapping, delete, select, update

from chassis.db import Transaction
from owners.db.bulk import any_of, columns_of, insert_new
from owners.db.models import fuel_entry
from owners.domain.fuel.entry import FuelEntry
from owners.domain.fuel.interval import Interval

INTERVAL: Final = {
    "interval_from_id": "from_id",
    "interval_km": "km",
    "interval_quantity": "quantity",
    "interval_cost_minor": "cost_minor",
    "interval_currency": "currency",
}
_FIXED: Final = frozenset({"id", "car_id", "owner_id", "author_id", "created_at"})


async def insert_fuel_entries(tx: Transaction, entries: Sequence[FuelEntry]) -> set[UUID]:
    """Adds entries; the ids of those that were not there yet."""
    return await insert_new(tx, fuel_entry, [_columns(entry) for entry in entries])


async def find_fuel_entry(tx: Transaction, car_id: UUID, entry_id: UUID) -> FuelEntry | None:
    """An entry of that car which the caller may see."""
    found = select(fuel_entry).where(fuel_entry.c.id == entry_id, fuel_entry.c.car_id == car_id)
    row = (await tx.execute(found)).mappings().one_or_none()
    return None if row is None else fuel_entry_of(row)


async def save_fuel_entry(tx: Transaction, changed: FuelEntry) -> None:
    """Writes an edited entry."""
    values = {name: value for name, value in _columns(changed).items() if name not in _FIXED}
    await tx.execute(update(fuel_entry).where(fuel_entry.c.id == changed.id).values(values))


async def delete_fuel_entries(tx: Transaction, ids: Collection[UUID]) -> None:
    """Removes entries whose readings are gone."""
    await tx.execute(delete(fuel_entry).where(fuel_entry.c.id == any_of(ids)))


def fuel_entry_of(row: RowMapping | asyncpg.Record | dict[str, Any]) -> FuelEntry:
    """The entry in a row of its table."""
    values: dict[str, Any] = {str(name): value for name, value in row.items()}
    told = {name: values.pop(column) for column, name in INTERVAL.items()}
    for computed in ("quantity", "listed_at"):
        values.pop(computed)
    return FuelEntry(**values, interval=None if told["km"] is None else Interval(**told))


def _columns(entry: FuelEntry) -> dict[str, Any]:
    values = columns_of(entry)
    interval = values.pop("interval")
    told = {column: None if interval is None else getattr(interval, name) for column, name in INTERVAL.items()}
    return values | told | {"quantity": entry.quantity, "listed_at": entry.listed_at}
