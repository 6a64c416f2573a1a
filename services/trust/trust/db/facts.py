"""The facts that a vehicle's score is computed from, and the scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, insert, literal_column, select
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.db import Transaction
from trust.db.models import (
    attested_service,
    car_reading,
    history_entry,
    recommendation,
    vehicle_score,
    vehicle_score_history,
)
from trust.domain.recommendation import Source, Status
from trust.domain.vehicle_score import Facts

_before: Final = attested_service.alias("before")
_OFFSET_BEFORE: Final = (  # the statement's own rows are not among them
    select(func.coalesce(func.sum(_before.c.meter_offset_km), 0))
    .where(_before.c.car_id == literal_column("attested_service.car_id"), _before.c.meter_offset_km != 0)
    .scalar_subquery()
    .label("offset_before")
)


async def add_attested_services(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> dict[UUID, int]:
    """Store the services; the work orders that were not known before.

    With each what the meters that its car had got until then show too little, in km.
    """
    statement = upsert(attested_service).values(sorted(rows, key=lambda row: str(row["work_order_id"])))
    known = statement.on_conflict_do_nothing().returning(attested_service.c.work_order_id, _OFFSET_BEFORE)
    return {row.work_order_id: row.offset_before for row in await tx.execute(known)}


async def facts_of(tx: Transaction, car_ids: Iterable[UUID]) -> dict[UUID, Facts]:
    """All facts of each car; work of a related party counts nowhere."""
    wanted = sorted(set(car_ids))
    services = await _by_car(tx, select(attested_service).where(attested_service.c.car_id.in_(wanted)))
    entries = await _by_car(tx, select(history_entry).where(_present(history_entry.c, wanted)))
    readings = await _by_car(tx, select(car_reading).where(_present(car_reading.c, wanted)))
    intervals = await _by_car(
        tx,
        select(recommendation).where(
            recommendation.c.car_id.in_(wanted),
            recommendation.c.source == Source.INTERVAL.value,
            recommendation.c.related_party.is_(False),
        ),
    )
    return {car_id: _facts(services[car_id], entries[car_id], readings[car_id], intervals[car_id]) for car_id in wanted}


def _facts(
    services: Sequence[Row[Any]],
    entries: Sequence[Row[Any]],
    readings: Sequence[Row[Any]],
    intervals: Sequence[Row[Any]],
) -> Facts:
    related = {row.work_order_id for row in services if row.related_party}
    counted = [row for row in entries if row.work_order_id not in related]
    days: set[date] = {row.entry_on for row in counted}
    days |= {row.observed_on for row in readings if row.verdict == "ok"}
    return Facts(
        attested_services=[row.serviced_on for row in services if not row.related_party],
        entries=len(counted),
        proven_entries=sum(row.proven for row in counted),
        history_days=sorted(days),
        readings=len(readings),
        suspect_readings=sum(row.verdict == "suspect" for row in readings),
        rollbacks=sum(row.verdict == "rollback" for row in readings),
        intervals_in_time=sum(row.kept is True for row in intervals),
        intervals_late=sum(row.kept is False or row.status == Status.OVERDUE.value for row in intervals),
    )


async def lock_scores(tx: Transaction, car_ids: Iterable[UUID], blank: Mapping[str, Any]) -> dict[UUID, Row[Any]]:
    """The score rows of these cars, locked; a car without one gets `blank`."""
    wanted = sorted(set(car_ids))
    rows = [{"car_id": car_id, **blank} for car_id in wanted]
    await tx.execute(upsert(vehicle_score).values(rows).on_conflict_do_nothing())
    found = await tx.execute(
        select(vehicle_score)
        .where(vehicle_score.c.car_id.in_(wanted))
        .order_by(vehicle_score.c.car_id)
        .with_for_update()
    )
    return {row.car_id: row for row in found}


async def save_scores(tx: Transaction, rows: Sequence[Mapping[str, Any]], changed: Sequence[Mapping[str, Any]]) -> None:
    """Store the scores, and of those whose value changed a row of history."""
    statement = upsert(vehicle_score).values(list(rows))
    values = {name: statement.excluded[name] for name in ("value", "confidence", "parts", "as_of", "sequence")}
    await tx.execute(statement.on_conflict_do_update(index_elements=["car_id"], set_=values))
    if changed:
        history = [{name: row[name] for name in ("car_id", "sequence", "value", "as_of")} for row in changed]
        await tx.execute(insert(vehicle_score_history), history)


def _present(columns: Any, car_ids: Sequence[UUID]) -> ColumnElement[bool]:
    found: ColumnElement[bool] = columns.car_id.in_(car_ids) & columns.removed.is_(False)
    return found


async def _by_car(tx: Transaction, statement: Any) -> defaultdict[UUID, list[Row[Any]]]:
    rows: defaultdict[UUID, list[Row[Any]]] = defaultdict(list)
    for row in await tx.execute(statement):
        rows[row.car_id].append(row)
    return rows
