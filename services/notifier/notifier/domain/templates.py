"""What CarPass tells people, and what each message is made of: ids, amounts and names of businesses and cars.

No person's name is ever part of it. Texts are made from this when they are read or sent, in the reader's language.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from uuid import UUID


class Template(StrEnum):
    """The kinds of messages. With an event and a recipient, one of these is a notification's identity."""

    LINK_REQUESTED = "link-requested"
    LINK_REMINDER = "link-reminder"
    ESTIMATE_SENT = "estimate-sent"
    ESTIMATE_REMINDER = "estimate-reminder"
    CONSENT_RECORDED = "consent-recorded"
    WORK_ORDER_COMPLETED = "work-order-completed"
    WORK_ORDER_CANCELLED = "work-order-cancelled"
    RECOMMENDATION_OPENED = "recommendation-opened"
    RECOMMENDATION_DUE = "recommendation-due"
    CAR_TRANSFERRED = "car-transferred"
    CAR_IDENTITY_DECIDED = "car-identity-decided"
    ODOMETER_STALE = "odometer-stale"
    CENTER_VERIFICATION_CHANGED = "center-verification-changed"


class Priority(IntEnum):
    """What leaves first; lower is sooner."""

    DECISION = 0
    FACT = 1


REMINDERS = {
    Template.LINK_REQUESTED: Template.LINK_REMINDER,
    Template.ESTIMATE_SENT: Template.ESTIMATE_REMINDER,
}
"""The message that asks again, for each one that asks."""

_DECISIONS = frozenset(REMINDERS) | frozenset(REMINDERS.values())


def asks_for_decision(template: Template) -> bool:
    """Whether the message has buttons that decide something."""
    return template in _DECISIONS


def priority(template: Template) -> Priority:
    """Decisions leave before everything else."""
    return Priority.DECISION if asks_for_decision(template) else Priority.FACT


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """A center asks for access to a car."""

    link_id: UUID
    car_label: str
    center_name: str
    scopes: tuple[str, ...]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class PricedJob:
    """A job of an estimate."""

    job_id: UUID
    title: str
    total_minor: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate waits for a decision; `jobs` are those that can be decided."""

    work_order_id: UUID
    number: int
    car_label: str
    center_name: str
    estimate_version: int
    jobs: tuple[PricedJob, ...]
    total_minor: int
    currency: str
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class DecidedJob:
    """What was decided for a job: `authorised` or `declined`."""

    title: str
    decision: str
    total_minor: int


@dataclass(frozen=True, slots=True)
class RecordedConsent:
    """Staff wrote down what the owner is said to have decided, and by which channel."""

    number: int
    car_label: str
    center_name: str
    channel: str
    jobs: tuple[DecidedJob, ...]
    currency: str


@dataclass(frozen=True, slots=True)
class Odometer:
    """A reading as it was entered, and in kilometres."""

    value: str
    unit: str
    km: int


@dataclass(frozen=True, slots=True)
class CompletedWork:
    """An order is done; the next service is due at `next_km` or on `next_on`, whichever comes first."""

    number: int
    car_label: str
    center_name: str
    total_minor: int
    currency: str
    odometer: Odometer | None
    next_km: int | None
    next_on: str | None


@dataclass(frozen=True, slots=True)
class CancelledWork:
    """An order ended before completion."""

    number: int
    car_label: str
    center_name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Maintenance that is recommended. The car's name is looked up when the text is made."""

    title: str
    status: str
    due_km: int | None
    due_on: str | None


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of a center's verification; `reason` is the moderator's text."""

    center_name: str
    status: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A car has another owner; None where it has no name but its number."""

    car_label: str | None


@dataclass(frozen=True, slots=True)
class IdentityDecided:
    """A moderator decided about a car's VIN or frame number: `confirmed` or `rejected`."""

    car_label: str | None
    outcome: str


@dataclass(frozen=True, slots=True)
class StaleOdometer:
    """The last reading of a car is old: another one is asked for. `car_label` as in HandedOver."""

    car_label: str | None
    odometer: Odometer
    read_on: str


type Params = (
    LinkRequest
    | Estimate
    | RecordedConsent
    | CompletedWork
    | CancelledWork
    | HandedOver
    | IdentityDecided
    | Recommendation
    | StaleOdometer
    | Verification
)

PARAMS: dict[Template, type[Params]] = {
    Template.LINK_REQUESTED: LinkRequest,
    Template.LINK_REMINDER: LinkRequest,
    Template.ESTIMATE_SENT: Estimate,
    Template.ESTIMATE_REMINDER: Estimate,
    Template.CONSENT_RECORDED: RecordedConsent,
    Template.WORK_ORDER_COMPLETED: CompletedWork,
    Template.WORK_ORDER_CANCELLED: CancelledWork,
    Template.RECOMMENDATION_OPENED: Recommendation,
    Template.RECOMMENDATION_DUE: Recommendation,
    Template.CAR_TRANSFERRED: HandedOver,
    Template.CAR_IDENTITY_DECIDED: IdentityDecided,
    Template.ODOMETER_STALE: StaleOdometer,
    Template.CENTER_VERIFICATION_CHANGED: Verification,
}
