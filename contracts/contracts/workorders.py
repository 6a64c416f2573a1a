"""Events of the workorders service. `WorkOrderCompleted` carries the whole snapshot: no consumer asks back."""

from __future__ import annotations

from operator import not_
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.event import (
    Currency,
    Data,
    DecimalText,
    Event,
    Kilometres,
    LocalDate,
    MinorUnits,
    Role,
    Sha256,
)
from contracts.owners import OdometerUnit

type OrderStatus = Literal[
    "draft",
    "awaiting_approval",
    "approved",
    "declined",
    "in_progress",
    "waiting_parts",
    "on_hold",
    "quality_check",
    "ready",
    "completed",
    "cancelled",
]
type JobStatus = Literal["proposed", "sent", "authorised", "declined", "void"]
type ProductKind = Literal["part", "fluid", "material"]


class WorkOrderEvent(Event):
    """What every event of a work order tells: enough for a reader who never heard of the order."""

    topic: ClassVar[str] = "workorders.workorder"
    key_field: ClassVar[str] = "car_id"
    subject_field: ClassVar[str] = "work_order_id"

    work_order_id: UUID
    number: int
    car_id: UUID
    car_label: str
    owner_id: UUID
    center_id: UUID
    center_name: str
    status: OrderStatus
    related_party: bool


class WorkOrderOpened(WorkOrderEvent):
    """A draft was opened for a linked car."""

    event_type: ClassVar[str] = "workorders.workorder.opened.v1"


class EstimateJob(Data):
    """A job as the owner sees it before deciding; the total includes discounts and tax."""

    job_id: UUID
    title: str
    total_minor: MinorUnits
    status: JobStatus


class EstimateSent(WorkOrderEvent):
    """An estimate version was frozen, hashed and sent to the car's owner for a decision per job."""

    event_type: ClassVar[str] = "workorders.workorder.estimate-sent.v1"

    estimate_version: int
    estimate_sha256: Sha256
    jobs: tuple[EstimateJob, ...]
    total_minor: MinorUnits
    tolerance_minor: MinorUnits
    currency: Currency
    valid_until: AwareDatetime
    order_version: int


class EstimateSuperseded(WorkOrderEvent):
    """The version can no longer be decided: withdrawn, out of date, or replaced."""

    event_type: ClassVar[str] = "workorders.workorder.estimate-superseded.v1"

    estimate_version: int
    reason: Literal["withdrawn", "expired", "replaced", "cancelled"]


class JobDecision(Data):
    """What was decided for one job."""

    job_id: UUID
    title: str
    decision: Literal["authorised", "declined"]
    total_minor: MinorUnits


class EstimateDecided(WorkOrderEvent):
    """The car's owner decided, or staff recorded the consent; `consent_channel` says how it was given."""

    event_type: ClassVar[str] = "workorders.workorder.estimate-decided.v1"

    estimate_version: int
    decisions: tuple[JobDecision, ...]
    currency: Currency
    consent_channel: Literal["owner", "phone", "in_person", "message"]


class WorkOrderStatusChanged(WorkOrderEvent):
    """The order moved between states that have no event of their own."""

    event_type: ClassVar[str] = "workorders.workorder.status-changed.v1"

    previous: OrderStatus
    reason: str | None


class WorkOrderCancelled(WorkOrderEvent):
    """The order ended before completion."""

    event_type: ClassVar[str] = "workorders.workorder.cancelled.v1"

    previous: OrderStatus
    reason: str


class NextService(Data):
    """When the work is due again: by distance, by time, or by whichever comes first."""

    km: Annotated[int, Field(gt=0, le=1_000_000)] | None
    months: Annotated[int, Field(gt=0, le=600)] | None


class SnapshotLabor(Data):
    """A labor line as billed; `net_minor + tax_minor` = `total_minor`, `discount_minor` is already taken off."""

    line_id: UUID
    operation: str
    hours: DecimalText
    rate: DecimalText
    mechanic_id: UUID | None
    discount_minor: MinorUnits
    tax_percent: DecimalText
    tax_minor: MinorUnits
    net_minor: MinorUnits
    total_minor: MinorUnits
    next_service: NextService | None


class SnapshotProduct(Data):
    """A part, fluid or material as billed."""

    line_id: UUID
    kind: ProductKind
    name: str
    sku: str | None
    quantity: DecimalText
    unit: str
    price: DecimalText
    discount_minor: MinorUnits
    tax_percent: DecimalText
    tax_minor: MinorUnits
    net_minor: MinorUnits
    total_minor: MinorUnits
    batch: str | None
    warranty: str | None
    customer_supplied: bool
    next_service: NextService | None


class SnapshotAuthorisation(Data):
    """On what ground a job was done: whose decision, on which estimate version."""

    estimate_version: int
    estimate_sha256: Sha256
    decided_at: AwareDatetime
    decided_by: UUID
    role: Role
    consent_channel: Literal["owner", "phone", "in_person", "message"]


class SnapshotJob(Data):
    """An authorised job with its lines."""

    job_id: UUID
    title: str
    labor: tuple[SnapshotLabor, ...]
    products: tuple[SnapshotProduct, ...]
    total_minor: MinorUnits
    authorisation: SnapshotAuthorisation


class DeclinedJob(Data):
    """Work that was offered and declined: it becomes a recommendation."""

    job_id: UUID
    title: str
    next_service: NextService | None


class SnapshotMeterReplacement(Data):
    """The old meter ended at `removed_km`: the last good reading, where it could not be read (`removed_value` null)."""

    removed_value: DecimalText | None
    removed_unit: OdometerUnit
    removed_km: Kilometres
    installed_value: DecimalText
    installed_unit: OdometerUnit
    installed_km: Kilometres
    reason: str
    override_reason: str | None
    photo_sha256: Sha256 | None


class SnapshotOdometer(Data):
    """The reading at hand-over as measured, of the new meter where it was replaced, or why there is none."""

    readable: bool
    value: DecimalText | None
    unit: OdometerUnit
    km: Kilometres | None
    measured_at: AwareDatetime
    override_reason: str | None
    photo_sha256: Sha256 | None
    unreadable_reason: str | None
    # left out where there is none, so that a snapshot is hashed as it always was
    meter_replacement: Annotated[SnapshotMeterReplacement | None, Field(exclude_if=not_)] = None


class SnapshotCenter(Data):
    """The center as it was verified at completion."""

    center_id: UUID
    name: str
    verification: Literal["approved"]
    time_zone: str


class SnapshotCar(Data):
    """The car by its identity; no person."""

    car_id: UUID
    vin: str | None
    frame_number: str | None
    plate: str | None


class SnapshotTotals(Data):
    """Sums of rounded lines."""

    net_minor: MinorUnits
    discount_minor: MinorUnits
    tax_minor: MinorUnits
    total_minor: MinorUnits
    currency: Currency
    prices_include_tax: bool


class Snapshot(Data):
    """What a completed work order says for ever. Its SHA-256 is taken over its RFC 8785 canonical JSON."""

    schema_version: Literal[1]
    work_order_id: UUID
    number: int
    center: SnapshotCenter
    car: SnapshotCar
    owner_id: UUID
    mechanic_ids: tuple[UUID, ...]
    complaint: str | None
    odometer: SnapshotOdometer
    jobs: tuple[SnapshotJob, ...]
    declined: tuple[DeclinedJob, ...]
    totals: SnapshotTotals
    estimate_sha256s: tuple[Sha256, ...]
    related_party: bool
    opened_at: AwareDatetime
    completed_at: AwareDatetime
    completed_on: LocalDate
    completed_by: UUID


class WorkOrderCompleted(WorkOrderEvent):
    """The work is done and nothing in it changes any more. `revision` is 1; amendments come as events of their own."""

    event_type: ClassVar[str] = "workorders.workorder.completed.v1"

    revision: Literal[1]
    snapshot: Snapshot
    snapshot_sha256: Sha256
