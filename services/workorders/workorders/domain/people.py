"""Who acts on an order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal
from uuid import UUID

type StaffRole = Literal["owner", "manager", "receptionist", "mechanic"]
type SharedRole = Literal["viewer", "driver", "manager"]
type ActingRole = Literal["owner", "manager", "receptionist", "mechanic", "car_owner", "car_manager", "system"]


class Capacity(StrEnum):
    """In what relation to one order somebody may act. A mechanic counts apart when he works on it."""

    OWNER = "owner"
    MANAGER = "manager"
    RECEPTIONIST = "receptionist"
    ASSIGNED_MECHANIC = "assigned_mechanic"
    MECHANIC = "mechanic"
    CAR_OWNER = "car_owner"
    CAR_MANAGER = "car_manager"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who sees the order: as the center's staff, as the car's owner or by his leave, or as both."""

    user_id: UUID
    staff_role: StaffRole | None
    owns_car: bool
    shared_as: SharedRole | None = None

    def acting_as(self, capacity: Capacity) -> Actor:
        """How the act is recorded."""
        match capacity:
            case Capacity.CAR_OWNER:
                return Actor(self.user_id, "car_owner")
            case Capacity.CAR_MANAGER:
                return Actor(self.user_id, "car_manager")
            case _ if self.staff_role is not None:
                return Actor(self.user_id, self.staff_role)
            case _:
                raise ValueError(f"{capacity} is of staff")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something and in what role, as it is recorded: no name."""

    user_id: UUID | None
    role: ActingRole


SYSTEM = Actor(None, "system")
"""Time itself: a timer ran out."""
