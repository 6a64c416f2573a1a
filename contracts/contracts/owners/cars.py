"""Cars, and with whom they are shared."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime

from contracts.event import Currency, Event
from contracts.owners.values import EnergyKind, GrantedRole, OdometerUnit


class CarEvent(Event):
    """The full state of a car as other services need it."""

    topic: ClassVar[str] = "owners.car"
    key_field: ClassVar[str] = "car_id"
    subject_field: ClassVar[str] = "car_id"

    car_id: UUID
    owner_id: UUID
    vin: str | None
    frame_number: str | None
    identity_confirmed: bool
    plate: str | None
    make: str | None
    model: str | None
    year: int | None
    energy_kinds: tuple[EnergyKind, ...]
    odometer_unit: OdometerUnit
    currency: Currency
    archived: bool


class CarRegistered(CarEvent):
    """An owner added a car."""

    event_type: ClassVar[str] = "owners.car.registered.v1"


class CarUpdated(CarEvent):
    """What is known of the car changed, by its owner or by an attested fact."""

    event_type: ClassVar[str] = "owners.car.updated.v1"


class CarArchived(CarEvent):
    """The owner put the car away; its history stays."""

    event_type: ClassVar[str] = "owners.car.archived.v1"


class CarTransferred(CarEvent):
    """The car has another owner, `owner_id`; `previous_owner_id` keeps a copy of the own time with it."""

    event_type: ClassVar[str] = "owners.car.transferred.v1"

    transfer_id: UUID
    previous_owner_id: UUID


class CarIdentityDecided(CarEvent):
    """A moderator confirmed what the car is known by, or found it to be another car's; the state is after it.

    A confirmation that takes the identity from another car tells of both, with one `decision_id`.
    """

    event_type: ClassVar[str] = "owners.car.identity-decided.v1"

    decision_id: UUID
    outcome: Literal["confirmed", "rejected"]


class AccessEvent(Event):
    """With whom an owner shares a car; `sequence` counts this grant's events. Without `expires_at` it has no end."""

    topic: ClassVar[str] = "owners.car"
    key_field: ClassVar[str] = "car_id"
    subject_field: ClassVar[str] = "grant_id"

    grant_id: UUID
    car_id: UUID
    owner_id: UUID
    grantee_id: UUID
    role: GrantedRole
    expires_at: AwareDatetime | None


class AccessGranted(AccessEvent):
    """Somebody accepted an owner's invitation and has access to the car now."""

    event_type: ClassVar[str] = "owners.access.granted.v1"


class AccessChanged(AccessEvent):
    """The owner gave another role, or another end of the access."""

    event_type: ClassVar[str] = "owners.access.changed.v1"


class AccessEnded(AccessEvent):
    """The access is over; `because` says why."""

    event_type: ClassVar[str] = "owners.access.ended.v1"

    because: Literal["revoked", "left", "expired", "erased", "transferred"]
