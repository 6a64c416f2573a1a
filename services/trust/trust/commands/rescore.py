"""The vehicle score after an event: computed from all facts of the car, published when its value changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from chassis.consuming import Received
from chassis.db import Transaction
from contracts.trust import ScoreChanged
from trust import events
from trust.db import facts
from trust.db.read_models import owners_of
from trust.domain.vehicle_score import Score, vehicle_score

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_BLANK: dict[str, Any] = {"value": None, "confidence": 0.0, "parts": [], "as_of": _BEGINNING, "sequence": 0}


async def rescore(tx: Transaction, batch: Sequence[Received[Any]]) -> None:
    """Score the cars of the batch anew. The day is that of the latest fact, so a rebuild gives the same numbers."""
    latest: dict[UUID, Received[Any]] = {received.event.car_id: received for received in batch}
    stored = await facts.lock_scores(tx, latest, _BLANK)
    found = await facts.facts_of(tx, latest)
    owners = await owners_of(tx, latest)
    rows: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for car_id, before in stored.items():
        as_of = max([before.as_of, *(each.event.occurred_at for each in batch if each.event.car_id == car_id)])
        score = vehicle_score(found[car_id], as_of.astimezone(UTC).date())
        row = _row(before, score, as_of)
        rows.append(row)
        if score.value != before.value:
            changed.append(row)
            tx.record(_event(row, score, before, owners.get(car_id)), cause=latest[car_id])
    await facts.save_scores(tx, rows, changed)


def _row(before: Row[Any], score: Score, as_of: datetime) -> dict[str, Any]:
    return {
        "car_id": before.car_id,
        "value": score.value,
        "confidence": score.confidence,
        "parts": [
            {"name": part.name, "earned": part.earned, "possible": part.possible, "why": part.why}
            for part in score.parts
        ],
        "as_of": as_of,
        "sequence": before.sequence + (score.value != before.value),
    }


def _event(row: dict[str, Any], score: Score, before: Row[Any], owner_id: UUID | None) -> ScoreChanged:
    return events.score_changed(
        row["car_id"],
        score,
        owner_id=owner_id,
        previous=before.value,
        sequence=row["sequence"],
        as_of=row["as_of"],
    )
