"""What every event has in common. Events are facts: frozen, past tense, with a version in the type's name."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

type Role = Literal[
    "car_owner",
    "car_manager",
    "car_driver",
    "owner",
    "manager",
    "receptionist",
    "mechanic",
    "moderator",
    "user",
    "system",
]
"""In what capacity somebody acted: the car's owner or somebody the car is shared with, a staff role, a moderator, a
user for themselves, the system."""

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217 code")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256, lower-case hex")]
DecimalText = Annotated[str, Field(pattern=r"^-?\d{1,12}(\.\d{1,6})?$", description="a decimal number as text")]
MinorUnits = Annotated[int, Field(ge=-(10**15), le=10**15, description="money in the currency's minor unit")]
Kilometres = Annotated[int, Field(ge=0, le=100_000_000)]
LocalDate = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$", description="a calendar date where it happened")]


class Data(BaseModel):
    """A part of an event. Fields that a newer producer added are ignored, so consumers need not be deployed first."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Actor(Data):
    """Who did it, by id only, and in what capacity."""

    user_id: UUID | None
    role: Role


class Event(Data):
    """A fact about one aggregate; `sequence` is gap-free per aggregate and starts at 1."""

    event_type: ClassVar[str]
    topic: ClassVar[str]
    key_field: ClassVar[str]
    subject_field: ClassVar[str]

    sequence: Annotated[int, Field(ge=1)]
    occurred_at: AwareDatetime
    actor: Actor

    @property
    def key(self) -> str:
        """The Kafka key: all events of one key stay in order."""
        return str(getattr(self, self.key_field))

    @property
    def subject(self) -> str:
        """The aggregate's id, as CloudEvents' `subject`."""
        return str(getattr(self, self.subject_field))
