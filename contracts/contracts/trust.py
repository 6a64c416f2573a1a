"""Events of the trust service."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.event import Data, Event, Kilometres, LocalDate

type RecommendationStatus = Literal["open", "upcoming", "due", "overdue", "done", "dismissed", "superseded"]


class RecommendationEvent(Event):
    """The full state of a maintenance recommendation."""

    topic: ClassVar[str] = "trust.recommendation"
    key_field: ClassVar[str] = "car_id"
    subject_field: ClassVar[str] = "recommendation_id"

    recommendation_id: UUID
    car_id: UUID
    owner_id: UUID
    title: str
    source: Literal["work_order_interval", "declined_job"]
    work_order_id: UUID
    center_id: UUID
    due_km: Kilometres | None
    due_on: LocalDate | None
    status: RecommendationStatus


class RecommendationOpened(RecommendationEvent):
    """A recommendation follows from a completed work order."""

    event_type: ClassVar[str] = "trust.recommendation.opened.v1"


class RecommendationChanged(RecommendationEvent):
    """Its state changed: nearer, due, done, dismissed or superseded."""

    event_type: ClassVar[str] = "trust.recommendation.changed.v1"

    previous: RecommendationStatus


class ScorePart(Data):
    """One explained part of a score, in points."""

    name: str
    earned: float
    possible: float
    why: str


class ScoreChanged(Event):
    """A score has another value; null = no part has data."""

    event_type: ClassVar[str] = "trust.score.changed.v1"
    topic: ClassVar[str] = "trust.score"
    key_field: ClassVar[str] = "subject_id"
    subject_field: ClassVar[str] = "subject_id"

    subject_kind: Literal["vehicle"]
    subject_id: UUID
    owner_id: UUID | None
    value: Annotated[int, Field(ge=0, le=100)] | None
    previous: Annotated[int, Field(ge=0, le=100)] | None
    confidence: float
    parts: tuple[ScorePart, ...]
    as_of: AwareDatetime
