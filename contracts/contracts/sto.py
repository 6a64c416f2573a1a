"""Events of the sto service: centers, their people and their links to cars."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime

from contracts.event import Currency, Data, DecimalText, Event
from contracts.owners import OdometerUnit

type VerificationStatus = Literal[
    "draft", "submitted", "in_review", "information_requested", "approved", "rejected", "suspended"
]
type StaffRole = Literal["owner", "manager", "receptionist", "mechanic"]
type LinkStatus = Literal["requested", "approved", "declined", "revoked", "expired"]
type LinkScope = Literal["odometer", "history_read", "create_visit"]


class CenterEvent(Event):
    """The full public state of a center. A center's name is a business name, not a person's."""

    topic: ClassVar[str] = "sto.center"
    key_field: ClassVar[str] = "center_id"
    subject_field: ClassVar[str] = "center_id"

    center_id: UUID
    name: str
    city: str
    time_zone: str
    currency: Currency
    prices_include_tax: bool
    verification: VerificationStatus


class CenterRegistered(CenterEvent):
    """A center was created; the actor is its first owner."""

    event_type: ClassVar[str] = "sto.center.registered.v1"


class CenterUpdated(CenterEvent):
    """A center's profile changed."""

    event_type: ClassVar[str] = "sto.center.updated.v1"


class CenterVerificationChanged(CenterEvent):
    """An application was submitted or a moderator decided; `reason` is the moderator's text for the center."""

    event_type: ClassVar[str] = "sto.center.verification-changed.v1"

    previous: VerificationStatus
    reason: str | None


class EmployeeEvent(Event):
    """The full state of one employment."""

    topic: ClassVar[str] = "sto.employee"
    key_field: ClassVar[str] = "center_id"
    subject_field: ClassVar[str] = "employee_id"

    employee_id: UUID
    center_id: UUID
    user_id: UUID
    role: StaffRole
    active: bool


class EmployeeJoined(EmployeeEvent):
    """Somebody took up an invitation, or founded the center."""

    event_type: ClassVar[str] = "sto.employee.joined.v1"


class EmployeeRoleChanged(EmployeeEvent):
    """An employee has another role."""

    event_type: ClassVar[str] = "sto.employee.role-changed.v1"

    previous_role: StaffRole


class EmployeeDeactivated(EmployeeEvent):
    """An employee left or was sent away; effective at once."""

    event_type: ClassVar[str] = "sto.employee.deactivated.v1"


class LinkEvent(Event):
    """The full state of the link between a car and a center."""

    topic: ClassVar[str] = "sto.link"
    key_field: ClassVar[str] = "car_id"
    subject_field: ClassVar[str] = "link_id"

    link_id: UUID
    car_id: UUID
    car_label: str
    owner_id: UUID
    center_id: UUID
    center_name: str
    scopes: tuple[LinkScope, ...]
    status: LinkStatus
    expires_at: AwareDatetime | None


class LinkRequested(LinkEvent):
    """A center asks a car's owner for access."""

    event_type: ClassVar[str] = "sto.link.requested.v1"


class LinkApproved(LinkEvent):
    """The owner granted the scopes."""

    event_type: ClassVar[str] = "sto.link.approved.v1"


class LinkDeclined(LinkEvent):
    """The owner said no."""

    event_type: ClassVar[str] = "sto.link.declined.v1"


class LinkRevoked(LinkEvent):
    """Access ended; the center keeps its own visits only."""

    event_type: ClassVar[str] = "sto.link.revoked.v1"


class LinkExpired(LinkEvent):
    """Access, or the request for it, ran out."""

    event_type: ClassVar[str] = "sto.link.expired.v1"


class AppointmentEvent(Event):
    """What every event of an appointment tells: enough for a reader who never heard of it."""

    topic: ClassVar[str] = "sto.appointment"
    key_field: ClassVar[str] = "car_id"
    subject_field: ClassVar[str] = "appointment_id"

    appointment_id: UUID
    car_id: UUID
    car_label: str
    owner_id: UUID
    center_id: UUID
    center_name: str
    time_zone: str


class CheckInOdometer(Data):
    """What the odometer showed, as somebody at the center read it. No completed work order attests it."""

    value: DecimalText
    unit: OdometerUnit


class AppointmentCheckedIn(AppointmentEvent):
    """The car is at the center. `odometer` is null when nobody read it."""

    event_type: ClassVar[str] = "sto.appointment.checked-in.v1"

    checked_in_at: AwareDatetime
    checked_in_by: UUID
    odometer: CheckInOdometer | None
