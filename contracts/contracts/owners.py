"""Events of the owners service: users, cars and what is recorded about a car."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.event import Currency, Data, DecimalText, Event, Kilometres, LocalDate, MinorUnits, Sha256

type EnergyKind = Literal["petrol", "diesel", "lpg", "cng", "electric", "hydrogen"]
type OdometerUnit = Literal["km", "mi"]
type VolumeUnit = Literal["l", "gal_us", "gal_uk", "kwh", "kg"]
type Verdict = Literal["ok", "suspect", "quarantined", "rollback", "replaced"]
type ReadingSource = Literal[
    "manual", "fuel", "service", "expense", "appointment_check_in", "work_order", "import", "valuation"
]
type Provenance = Literal["self_declared", "attested"]
type GrantedRole = Literal["viewer", "driver", "manager"]


class UserEvent(Event):
    """The full state of a user's settings: no name, no contact."""

    topic: ClassVar[str] = "owners.user"
    key_field: ClassVar[str] = "user_id"
    subject_field: ClassVar[str] = "user_id"

    user_id: UUID
    locale: Literal["ru", "en"]
    time_zone: str
    currency: Currency
    distance_unit: OdometerUnit
    volume_unit: Literal["l", "gal_us", "gal_uk"]


class UserRegistered(UserEvent):
    """Somebody signed in for the first time."""

    event_type: ClassVar[str] = "owners.user.registered.v1"


class UserUpdated(UserEvent):
    """Settings changed."""

    event_type: ClassVar[str] = "owners.user.updated.v1"


class UserErased(Event):
    """The user is gone: every service forgets names, contacts and chats of this id. Attested facts stay."""

    event_type: ClassVar[str] = "owners.user.erased.v1"
    topic: ClassVar[str] = "owners.user"
    key_field: ClassVar[str] = "user_id"
    subject_field: ClassVar[str] = "user_id"

    user_id: UUID


class ProfileUpdated(Event):
    """The one event that carries a name. The topic is compacted; a tombstone erases."""

    event_type: ClassVar[str] = "owners.profile.updated.v1"
    topic: ClassVar[str] = "owners.profile"
    key_field: ClassVar[str] = "user_id"
    subject_field: ClassVar[str] = "user_id"

    user_id: UUID
    display_name: str


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

    because: Literal["revoked", "left", "expired", "erased"]


class RecordEvent(Event):
    """Something was written into a car's history; `sequence` counts the history of that car."""

    topic: ClassVar[str] = "owners.record"
    key_field: ClassVar[str] = "car_id"
    subject_field: ClassVar[str] = "car_id"

    car_id: UUID
    owner_id: UUID
    provenance: Provenance


class Attestation(Data):
    """Where an attested record comes from."""

    center_id: UUID
    work_order_id: UUID
    snapshot_sha256: Sha256


class ServiceEntryRecorded(RecordEvent):
    """A service was entered by hand or attested by a completed work order."""

    event_type: ClassVar[str] = "owners.service-entry.recorded.v1"

    entry_id: UUID
    service_date: LocalDate
    odometer_km: Kilometres | None
    titles: tuple[str, ...]
    has_attachment: bool
    attestation: Attestation | None


class ServiceEntryChanged(RecordEvent):
    """A self-declared service entry was edited; the state after it."""

    event_type: ClassVar[str] = "owners.service-entry.changed.v1"

    entry_id: UUID
    service_date: LocalDate
    odometer_km: Kilometres | None
    titles: tuple[str, ...]
    has_attachment: bool


class ServiceEntryRemoved(RecordEvent):
    """A self-declared service entry was removed."""

    event_type: ClassVar[str] = "owners.service-entry.removed.v1"

    entry_id: UUID


class ExpenseRecorded(RecordEvent):
    """An expense was entered by hand or by a completed work order."""

    event_type: ClassVar[str] = "owners.expense.recorded.v1"

    expense_id: UUID
    expense_date: LocalDate
    category: str
    amount_minor: MinorUnits
    currency: Currency
    service_entry_id: UUID | None
    attestation: Attestation | None


class ExpenseChanged(RecordEvent):
    """A self-declared expense was edited; the state after it."""

    event_type: ClassVar[str] = "owners.expense.changed.v1"

    expense_id: UUID
    expense_date: LocalDate
    category: str
    amount_minor: MinorUnits
    currency: Currency


class ExpenseRemoved(RecordEvent):
    """A self-declared expense was removed."""

    event_type: ClassVar[str] = "owners.expense.removed.v1"

    expense_id: UUID


class FuelEntryState(RecordEvent):
    """The full state of a fill or a charge, but for the words: neither where nor what was noted. Self-declared always.

    What is not known is null; the volume is in `volume_unit`, the unit price per that unit. A discount is what volume x
    unit price comes to beyond the total.
    """

    entry_id: UUID
    filled_on: LocalDate
    filled_at: AwareDatetime | None
    energy_kind: EnergyKind
    odometer_km: Kilometres | None
    volume: DecimalText | None
    volume_unit: VolumeUnit
    unit_price: DecimalText | None
    total_minor: MinorUnits | None
    currency: Currency | None
    discount_minor: MinorUnits | None
    full: bool
    soc_after: Annotated[int, Field(ge=0, le=100)] | None
    missed_before: bool


class FuelEntryRecorded(FuelEntryState):
    """A fill or a charge was entered."""

    event_type: ClassVar[str] = "owners.fuel-entry.recorded.v1"


class FuelEntryChanged(FuelEntryState):
    """A fuel entry was edited; the state after it."""

    event_type: ClassVar[str] = "owners.fuel-entry.changed.v1"


class FuelEntryRemoved(RecordEvent):
    """A fuel entry was removed."""

    event_type: ClassVar[str] = "owners.fuel-entry.removed.v1"

    entry_id: UUID


class ReadingVerdict(Data):
    """One reading and what is thought of it now."""

    reading_id: UUID
    source: ReadingSource
    provenance: Provenance
    value: DecimalText
    unit: OdometerUnit
    km: Kilometres
    observed_on: LocalDate
    observed_at: AwareDatetime | None
    verdict: Verdict
    candidates_km: tuple[Kilometres, ...] = ()


class OdometerJudged(RecordEvent):
    """A reading came, changed or went: the verdicts that differ now, and the last ok reading after it."""

    event_type: ClassVar[str] = "owners.odometer.judged.v1"

    changed: Annotated[tuple[ReadingVerdict, ...], Field(max_length=500)]
    removed_reading_ids: tuple[UUID, ...] = ()
    last_ok: ReadingVerdict | None
    reading_count: int
    suspect_count: int
    rollback_count: int
