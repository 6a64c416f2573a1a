"""Consumption figures in the rows of the fuel entries that own them, and their sums."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

import asyncpg

from chassis.db import Transaction
from owners.db.bulk import update_by_id
from owners.db.fuel import INTERVAL, fuel_entry_of
from owners.db.models import fuel_entry
from owners.domain.car import Car, EnergyKind
from owners.domain.fuel.changes import IntervalSum, Span, SumKey
from owners.domain.fuel.consumption import FULL, Anchor, Figure, Fill
from owners.domain.fuel.entry import FuelEntry

_COLUMNS: Final = ", ".join(column.name for column in fuel_entry.columns)
_END_BEFORE: Final = """
    SELECT id, filled_on, accepted_km, soc_after FROM fuel_entry
    WHERE car_id = $1 AND owner_id = $2 AND energy_kind = $3 AND interval_km IS NOT NULL AND filled_on < $4
        AND ($5::integer IS NULL OR accepted_km < $5)
    ORDER BY filled_on DESC, accepted_km DESC LIMIT 1
"""
_SERIES: Final = f"""
    SELECT {_COLUMNS} FROM fuel_entry
    WHERE car_id = $1 AND owner_id = $2 AND energy_kind = $3 AND filled_on BETWEEN $4 AND $5 ORDER BY filled_on, id
"""  # noqa: S608 -- our names
_BY_ID: Final = f"SELECT {_COLUMNS} FROM fuel_entry WHERE id = ANY($1::uuid[])"  # noqa: S608 -- our names
_TAKE_SUMS: Final = """
    DELETE FROM consumption_sum AS stored
    USING unnest($3::text[], $4::text[], $5::text[]) AS wanted (energy_kind, period, currency)
    WHERE stored.car_id = $1 AND stored.owner_id = $2 AND stored.energy_kind = wanted.energy_kind
        AND stored.period = wanted.period AND stored.currency = wanted.currency
    RETURNING stored.energy_kind, stored.period, stored.currency, intervals, km, quantity, cost_minor
"""
_PUT_SUMS: Final = """
    INSERT INTO consumption_sum
        (car_id, owner_id, energy_kind, period, currency, intervals, km, quantity, cost_minor)
    SELECT $1, $2, sums.* FROM unnest(
        $3::text[], $4::text[], $5::text[], $6::integer[], $7::bigint[], $8::numeric[], $9::bigint[]) AS sums
"""
_RATED_KINDS: Final = """
    SELECT DISTINCT energy_kind FROM fuel_entry WHERE car_id = $1 AND owner_id = $2 AND rate IS NOT NULL
"""
_SUMS: Final = """
    SELECT energy_kind, period, currency, intervals, km, quantity, cost_minor FROM consumption_sum
    WHERE car_id = $1 AND owner_id = $2 AND period = $3
"""
_LAST_ENDS: Final = f"""
    SELECT kinds.kind, {", ".join(f"latest.{column.name}" for column in fuel_entry.columns)}
    FROM unnest($3::text[]) WITH ORDINALITY AS kinds (kind, place)
    LEFT JOIN LATERAL (
        SELECT * FROM fuel_entry
        WHERE car_id = $1 AND owner_id = $2 AND energy_kind = kinds.kind AND interval_km IS NOT NULL
        ORDER BY filled_on DESC, accepted_km DESC LIMIT 1
    ) AS latest ON true
    WHERE EXISTS (SELECT FROM fuel_entry WHERE car_id = $1 AND owner_id = $2 AND energy_kind = kinds.kind)
    ORDER BY kinds.place
"""  # noqa: S608 -- our names


async def entries_with(tx: Transaction, ids: Collection[UUID]) -> list[FuelEntry]:
    """The entries of these ids."""
    return [fuel_entry_of(row) for row in await tx.rows(_BY_ID, list(ids))]


async def save_accepted(tx: Transaction, accepted: Mapping[UUID, int | None]) -> None:
    """Writes what the accepted reading of each entry says."""
    rows = [{"id": entry_id, "accepted_km": km} for entry_id, km in accepted.items()]
    await update_by_id(tx, fuel_entry, ("accepted_km",), rows)


async def end_before(tx: Transaction, car: Car, kind: EnergyKind, span: Span) -> tuple[Anchor, date] | None:
    """The end of the last closed interval that the span cannot touch, and its day."""
    found = await tx.rows(_END_BEFORE, car.id, car.owner_id, kind, span.first, span.lowest_km)
    for row in found:
        level = FULL if row["soc_after"] is None else row["soc_after"]
        return Anchor(row["id"], row["accepted_km"], level), row["filled_on"]
    return None


async def fills_between(tx: Transaction, car: Car, kind: EnergyKind, first: date, last: date) -> list[Fill]:
    """All of the present owner's fills of these days, both included."""
    rows = await tx.rows(_SERIES, car.id, car.owner_id, kind, first, last)
    return [fuel_entry_of(row).fill(car.currency) for row in rows]


async def rated_kinds(tx: Transaction, car: Car) -> list[EnergyKind]:
    """The kinds of which fills carry rates."""
    return [row["energy_kind"] for row in await tx.rows(_RATED_KINDS, car.id, car.owner_id)]


async def save_figures(tx: Transaction, figures: Sequence[Figure]) -> None:
    """Writes which intervals the entries close."""
    rows = [
        {"id": fill.id}
        | {column: None if interval is None else getattr(interval, name) for column, name in INTERVAL.items()}
        for fill, interval in figures
    ]
    await update_by_id(tx, fuel_entry, tuple(INTERVAL), rows)


async def add_to_sums(tx: Transaction, car: Car, changes: Mapping[SumKey, IntervalSum]) -> None:
    """Adds to the sums of a car, whose row is locked; what adds up to nothing goes."""
    if not changes:
        return
    totals = dict(changes)
    for row in await tx.rows(_TAKE_SUMS, car.id, car.owner_id, *_columns(changes)):
        key = SumKey(row["energy_kind"], row["period"], row["currency"])
        totals[key] = totals[key].plus(sum_of(row))
    kept = [(key, total) for key, total in totals.items() if total.intervals]
    if kept:
        values = _columns([(*key, *total) for key, total in kept])
        await tx.rows(_PUT_SUMS, car.id, car.owner_id, *values)


async def sums_of(tx: Transaction, car: Car, period: str) -> dict[SumKey, IntervalSum]:
    """The sums of one period."""
    rows = await tx.rows(_SUMS, car.id, car.owner_id, period)
    return {SumKey(row["energy_kind"], row["period"], row["currency"]): sum_of(row) for row in rows}


async def last_ends(tx: Transaction, car: Car, kinds: Sequence[EnergyKind]) -> dict[EnergyKind, FuelEntry | None]:
    """Of each kind that the car was ever filled with, the entry that owns the last figure, None when none does."""
    found: dict[EnergyKind, FuelEntry | None] = {}
    for row in await tx.rows(_LAST_ENDS, car.id, car.owner_id, list(kinds)):
        values = dict(row)
        kind = values.pop("kind")
        found[kind] = None if row["id"] is None else fuel_entry_of(values)
    return found


def sum_of(row: asyncpg.Record) -> IntervalSum:
    """The sum in a row."""
    return IntervalSum(row["intervals"], row["km"], row["quantity"], row["cost_minor"])


def _columns(rows: Collection[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
