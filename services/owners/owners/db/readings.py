"""OdometerHistory in its table."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy import RowMapping, delete

from chassis.db import Transaction
from owners.db.bulk import any_of, columns_of, put_changes, put_new
from owners.db.meters import insert_replacements, replacements_of
from owners.db.models import odometer_reading
from owners.domain.odometer.history import OdometerHistory, Outcome
from owners.domain.odometer.reading import Reading
from owners.domain.odometer.recorded import RecordedReading
from owners.domain.odometer.verdict import Judgement
from owners.domain.records import Attestation

_ATTESTATION: Final = Attestation._fields
_UNATTESTED: Final = dict.fromkeys(_ATTESTATION)
_OK: Final = Judgement("ok")
COLUMNS: Final = (
    *("id", "value", "unit", "km", "observed_on", "observed_at", "provenance", "verdict", "candidates_km"),
    *("source", "time_zone", "author_id", "created_at", "service_entry_id", "expense_id", "fuel_entry_id"),
    *_ATTESTATION,
    *("meter_offset_km", "meter_replacement_id", "removed_meter"),
    "car_id",
)
"""What `recorded_reading` reads, in its order."""
_OF_CARS: Final = f"""
    SELECT {", ".join(COLUMNS)} FROM odometer_reading
    WHERE car_id = ANY($1::uuid[]) ORDER BY car_id, id
"""  # noqa: S608 -- our names


async def load_histories(tx: Transaction, car_ids: Collection[UUID]) -> dict[UUID, OdometerHistory]:
    """The history of each car; the cars' rows are locked by the caller."""
    rows = await tx.rows(_OF_CARS, list(car_ids))
    replaced = {row["car_id"] for row in rows if row["meter_replacement_id"] is not None}
    replacements = await replacements_of(tx, replaced) if replaced else {}
    histories = {car_id: OdometerHistory.of(car_id, ()) for car_id in car_ids}
    for car_id, of_car in groupby(rows, key=lambda row: row["car_id"]):
        histories[car_id] = OdometerHistory.of(car_id, map(stored_reading, of_car), replacements.get(car_id, ()))
    return histories


async def save_outcomes(tx: Transaction, outcomes: Iterable[tuple[Outcome, UUID]]) -> None:
    """Writes what changed in each history, with the owner of its car."""
    pairs = list(outcomes)
    removed = [reading_id for outcome, _ in pairs for reading_id in outcome.removed]
    if removed:
        await tx.execute(delete(odometer_reading).where(odometer_reading.c.id == any_of(removed)))
    await insert_replacements(tx, pairs)
    new = [_columns(one, outcome.car_id, owner_id) for outcome, owner_id in pairs for one in outcome.new]
    put_new(tx, odometer_reading, new)
    inserted = {row["id"] for row in new}
    changed = [one for outcome, _ in pairs for one in outcome.changed if one.reading.id not in inserted]
    judged = [{"id": one.reading.id, **_judgement(one)} for one in changed]
    put_changes(tx, odometer_reading, ("verdict", "candidates_km", "meter_offset_km"), judged)


def recorded_reading(row: RowMapping | asyncpg.Record) -> RecordedReading:
    """The reading in a row that has at least COLUMNS."""
    return stored_reading([row[name] for name in COLUMNS])


def stored_reading(columns: Iterable[Any]) -> RecordedReading:
    """The reading in a row of COLUMNS. A long history has tens of thousands: here nothing is looked up by name."""
    id_, value, unit, km, on, at, provenance, verdict, candidates, source, zone, author, created, *rest = columns
    service_entry_id, expense_id, fuel_entry_id, center_id, work_order_id, revision, sha256, *rest = rest
    offset_km, replacement_id, removed_meter, _ = rest
    attested = provenance == "attested"
    recorded = RecordedReading(
        Reading(id_, value, unit, km, on, at, attested, verdict == "replaced"),
        source,
        zone,
        author,
        created,
        service_entry_id,
        expense_id,
        fuel_entry_id,
        Attestation(center_id, work_order_id, revision, sha256) if attested else None,
        _OK if verdict == "ok" and not offset_km else Judgement(verdict, tuple(candidates), offset_km),
    )
    if replacement_id is None:
        return recorded
    return recorded._replace(meter_replacement_id=replacement_id, removed_meter=removed_meter)


def _columns(one: RecordedReading, car_id: UUID, owner_id: UUID) -> dict[str, Any]:
    reading, attestation = one.reading, one.attestation
    return {
        **(_UNATTESTED if attestation is None else columns_of(attestation)),
        **_judgement(one),
        "id": reading.id,
        "car_id": car_id,
        "owner_id": one.owner_id or owner_id,
        "provenance": one.provenance,
        "time_zone": one.time_zone,
        "author_id": one.author_id,
        "created_at": one.created_at,
        "source": one.source,
        "value": reading.value,
        "unit": reading.unit,
        "km": reading.km,
        "observed_on": reading.observed_on,
        "observed_at": reading.observed_at,
        "listed_at": one.listed_at,
        "service_entry_id": one.service_entry_id,
        "expense_id": one.expense_id,
        "fuel_entry_id": one.fuel_entry_id,
        "meter_replacement_id": one.meter_replacement_id,
        "removed_meter": one.removed_meter,
    }


def _judgement(one: RecordedReading) -> dict[str, Any]:
    if one.judgement is None:
        raise ValueError("a reading is judged before it is written")
    verdict, candidates_km, offset_km = one.judgement
    return {"verdict": verdict, "candidates_km": list(candidates_km), "meter_offset_km": offset_km}
