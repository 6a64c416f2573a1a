"""Who did something, and the numbering of what a car's history tells."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Self
from uuid import UUID

from contracts.event import Actor, Role
from owners.domain.access import CarPerson, CarRole
from owners.domain.car import Car
from owners.domain.conversion import Rated

_CAPACITIES: Final[Mapping[CarRole, Role]] = MappingProxyType(
    {"owner": "car_owner", "manager": "car_manager", "driver": "car_driver", "viewer": "user", "former_owner": "user"}
)
_SYSTEM: Final = Actor(user_id=None, role="system")


class By(NamedTuple):
    """Who did something, and when."""

    actor: Actor
    at: datetime

    @classmethod
    def owner(cls, user_id: UUID, at: datetime) -> Self:
        """A car's owner, about the own car."""
        return cls(Actor(user_id=user_id, role="car_owner"), at)

    @classmethod
    def person(cls, person: CarPerson, at: datetime) -> Self:
        """Somebody with a role in a car, about that car."""
        return cls(Actor(user_id=person.user_id, role=_CAPACITIES[person.role]), at)

    @classmethod
    def user(cls, user_id: UUID, at: datetime) -> Self:
        """A person, about themselves."""
        return cls(Actor(user_id=user_id, role="user"), at)

    @classmethod
    def moderator(cls, user_id: UUID, at: datetime) -> Self:
        """A moderator, about somebody's car."""
        return cls(Actor(user_id=user_id, role="moderator"), at)

    @classmethod
    def system(cls, at: datetime) -> Self:
        """The rules of this service."""
        return cls(_SYSTEM, at)


class RecordLog:
    """Numbers the events of one car's history, while its row is locked."""

    def __init__(self, car: Car) -> None:
        self.sequence = car.record_sequence
        self._car = car

    def next(self, by: By, owner_id: UUID | None = None) -> dict[str, Any]:
        """The fields that every event of the history begins with; `owner_id`: whose record it is about."""
        self.sequence += 1
        return {
            "sequence": self.sequence,
            "occurred_at": by.at,
            "actor": by.actor,
            "car_id": self._car.id,
            "owner_id": owner_id or self._car.owner_id,
        }


def rate_of(told: Rated) -> dict[str, Any]:
    """How an amount counts in another currency."""
    return {**told._asdict(), "rate": None if told.rate is None else format(told.rate, "f")}
