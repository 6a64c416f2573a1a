"""What trust answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from pydantic import Field
from sqlalchemy import Row

from chassis.http import ApiModel
from contracts.trust import RecommendationStatus
from trust.events import shown_km


class Recommendation(ApiModel):
    """Maintenance that is due by distance, by date, or by whichever comes first."""

    id: UUID
    car_id: UUID
    title: str
    source: Literal["work_order_interval", "declined_job"]
    status: RecommendationStatus
    due_km: int | None = Field(
        description="km that the present odometer shows then; 0: due before it was put in; null: no distance"
    )
    due_on: date | None
    work_order_id: UUID
    center_id: UUID
    opened_at: datetime
    version: int = Field(description="for If-Match")


class ScorePart(ApiModel):
    """Some of the points, explained."""

    name: str
    earned: float
    possible: float
    why: str


class VehicleScore(ApiModel):
    """0 to 100; null while nothing is known. `confidence`, 0 to 1, is the share of points that have data."""

    car_id: UUID
    value: int | None
    confidence: float
    parts: list[ScorePart]
    as_of: datetime | None


class TimelineEntry(ApiModel):
    """Something that happened to the car."""

    id: UUID
    occurred_at: datetime
    kind: str
    center_id: UUID | None
    work_order_id: UUID | None
    details: dict[str, Any]


class AuditEntry(ApiModel):
    """Who did what, in which role, on what. The hashes prove its place in its tenant's chain."""

    event_id: UUID
    occurred_at: datetime
    action: str
    subject: str
    actor_id: UUID | None
    actor_role: str
    tenant: UUID
    height: int
    previous: str
    hash: str
    record: dict[str, Any]


def recommendation(row: Mapping[str, Any]) -> Recommendation:
    """From the stored row."""
    told = {name: row[name] for name in Recommendation.model_fields}
    return Recommendation(**told | {"due_km": shown_km(row["due_km"])})


def stored_recommendation(row: Row[Any]) -> Recommendation:
    """From a row as it was read."""
    return recommendation(dict(row._mapping))  # noqa: SLF001 - SQLAlchemy's public name


def vehicle_score(car_id: UUID, row: Row[Any] | None) -> VehicleScore:
    """From the stored row, or the empty score of a car that nothing is known of."""
    if row is None or row.sequence == 0:
        return VehicleScore(car_id=car_id, value=None, confidence=0.0, parts=[], as_of=None)
    parts = [ScorePart(**part) for part in row.parts]
    return VehicleScore(car_id=car_id, value=row.value, confidence=row.confidence, parts=parts, as_of=row.as_of)


def audit_entry(row: Row[Any]) -> AuditEntry:
    """From the stored row."""
    plain = {name: getattr(row, name) for name in AuditEntry.model_fields if name not in {"previous", "hash", "record"}}
    return AuditEntry(**plain, previous=row.previous.hex(), hash=row.hash.hex(), record=orjson.loads(row.record))
