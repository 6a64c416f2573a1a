"""What trust tells the others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.event import Actor
from contracts.trust import RecommendationChanged, RecommendationOpened, ScoreChanged, ScorePart
from trust.domain.vehicle_score import Score

SYSTEM = Actor(user_id=None, role="system")

type Stored = Mapping[str, Any]
"""A row of the table `recommendation`."""


def recommendation_opened(row: Stored, at: datetime) -> RecommendationOpened:
    """A recommendation follows from a completed work order."""
    return RecommendationOpened(**_state(row), occurred_at=at, actor=SYSTEM)


def recommendation_changed(row: Stored, previous: str, at: datetime, actor: Actor = SYSTEM) -> RecommendationChanged:
    """Its status is another one; `row` is the state after the change."""
    return RecommendationChanged(**_state(row), previous=previous, occurred_at=at, actor=actor)


def shown_km(due_km: int | None) -> int | None:
    """Where it is due as a reader is told: nothing is due below 0, though it may have been due on an earlier meter."""
    return None if due_km is None else max(due_km, 0)


def score_changed(
    car_id: UUID, score: Score, *, owner_id: UUID | None, previous: int | None, sequence: int, as_of: datetime
) -> ScoreChanged:
    """A car's score has another value."""
    return ScoreChanged(
        sequence=sequence,
        occurred_at=as_of,
        actor=SYSTEM,
        subject_kind="vehicle",
        subject_id=car_id,
        owner_id=owner_id,
        value=score.value,
        previous=previous,
        confidence=score.confidence,
        parts=tuple(
            ScorePart(name=part.name, earned=part.earned, possible=part.possible, why=part.why) for part in score.parts
        ),
        as_of=as_of,
    )


def _state(row: Stored) -> dict[str, Any]:
    return {
        "sequence": row["sequence"],
        "recommendation_id": row["id"],
        "car_id": row["car_id"],
        "owner_id": row["owner_id"],
        "title": row["title"],
        "source": row["source"],
        "work_order_id": row["work_order_id"],
        "center_id": row["center_id"],
        "due_km": shown_km(row["due_km"]),
        "due_on": None if row["due_on"] is None else row["due_on"].isoformat(),
        "status": row["status"],
    }
