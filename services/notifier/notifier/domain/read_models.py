"""What is known here of others' aggregates, at a sequence."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class UserState:
    """A user's settings at a sequence."""

    user_id: UUID
    locale: str
    time_zone: str
    distance_unit: str
    sequence: int


@dataclass(frozen=True, slots=True)
class CarState:
    """How a car is called at a sequence."""

    id: UUID
    owner_id: UUID
    make: str | None
    model: str | None
    plate: str | None
    sequence: int
