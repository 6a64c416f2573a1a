"""Service entries, expenses and readings as they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from chassis.http import ApiModel
from owners.api.file_schemas import AttachmentResponse, attachment_response
from owners.api.record_requests import LineBody, NextDue
from owners.api.values import JudgedOdometer, Money, RateResponse, judged_odometer, rate_response
from owners.db.access import HistoryReader
from owners.domain.files import Attachment
from owners.domain.odometer.history import RecordedReading, Source
from owners.domain.records import Attestation, Expense, ExpenseCategory, Provenance, ServiceEntry


class AttestationResponse(ApiModel):
    """The completed work order behind a record: the snapshot with this hash says it, for ever."""

    center_id: UUID
    work_order_id: UUID
    revision: int
    snapshot_sha256: str


class ServiceEntryResponse(ApiModel):
    """A service. Amounts, cost and note are its owner's: null to a linked center's people and to later owners."""

    id: UUID
    car_id: UUID
    provenance: Provenance
    service_date: date
    time_zone: str
    odometer: JudgedOdometer | None
    vendor: str | None
    lines: list[LineBody]
    cost: Money | None
    rate: RateResponse | None
    expense_id: UUID | None
    next_due: NextDue | None
    note: str | None
    attachments: list[AttachmentResponse]
    author_id: UUID
    attestation: AttestationResponse | None
    work_order_number: int | None
    created_at: datetime
    updated_at: datetime


class ExpenseResponse(ApiModel):
    """An expense. One with a `service_entry_id` is what that service cost, and changes with it only.

    A schedule entered the one with a `schedule_id`; it may be changed like any other.
    """

    id: UUID
    car_id: UUID
    provenance: Provenance
    expense_date: date
    time_zone: str
    category: ExpenseCategory
    amount: Money
    rate: RateResponse | None
    odometer: JudgedOdometer | None
    note: str | None
    service_entry_id: UUID | None
    schedule_id: UUID | None
    attachments: list[AttachmentResponse]
    author_id: UUID
    attestation: AttestationResponse | None
    created_at: datetime
    updated_at: datetime


class ReadingResponse(ApiModel):
    """A reading of the odometer; `candidates_km` are what a quarantined one may have meant, the likeliest first."""

    id: UUID
    source: Source
    provenance: Provenance
    odometer: JudgedOdometer
    candidates_km: list[int]
    observed_on: date
    observed_at: datetime | None
    time_zone: str
    service_entry_id: UUID | None
    expense_id: UUID | None
    author_id: UUID
    attestation: AttestationResponse | None
    created_at: datetime


def service_entry_response(
    entry: ServiceEntry,
    expense_id: UUID | None,
    reading: RecordedReading | None,
    files: Sequence[Attachment],
    *,
    to: HistoryReader,
) -> ServiceEntryResponse:
    """The entry as its reader may see it."""
    own = to.owner_id == entry.owner_id
    currency = entry.currency if own else None
    return ServiceEntryResponse(
        id=entry.id,
        car_id=entry.car_id,
        provenance=entry.provenance,
        service_date=entry.service_date,
        time_zone=entry.time_zone,
        odometer=judged_odometer(reading),
        vendor=entry.vendor,
        lines=[
            LineBody.model_construct(title=line.title, kind=line.kind, amount=_money(line.amount_minor, currency))
            for line in entry.lines
        ],
        cost=_money(entry.cost_minor, currency),
        rate=rate_response(entry.rated) if own else None,
        expense_id=expense_id,
        next_due=_next_due(entry),
        note=entry.note if own else None,
        attachments=[attachment_response(one) for one in files],
        author_id=entry.author_id,
        attestation=_attestation(entry.attestation),
        work_order_number=entry.work_order_number,
        created_at=entry.created_at,
        updated_at=entry.updated_at,
    )


def expense_response(expense: Expense, reading: RecordedReading | None, files: Sequence[Attachment]) -> ExpenseResponse:
    """The expense as the car's owner sees it."""
    return ExpenseResponse(
        id=expense.id,
        car_id=expense.car_id,
        provenance=expense.provenance,
        expense_date=expense.expense_date,
        time_zone=expense.time_zone,
        category=expense.category,
        amount=Money.model_construct(amount_minor=expense.amount_minor, currency=expense.currency),
        rate=rate_response(expense.rated),
        odometer=judged_odometer(reading),
        note=expense.note,
        service_entry_id=expense.service_entry_id,
        schedule_id=expense.schedule_id,
        attachments=[attachment_response(one) for one in files],
        author_id=expense.author_id,
        attestation=_attestation(expense.attestation),
        created_at=expense.created_at,
        updated_at=expense.updated_at,
    )


def reading_response(one: RecordedReading) -> ReadingResponse:
    """The reading with its verdict."""
    odometer = judged_odometer(one)
    if odometer is None or one.judgement is None:
        raise ValueError("a reading is judged before it is shown")
    return ReadingResponse(
        id=one.reading.id,
        source=one.source,
        provenance=one.provenance,
        odometer=odometer,
        candidates_km=list(one.judgement.candidates_km),
        observed_on=one.reading.observed_on,
        observed_at=one.reading.observed_at,
        time_zone=one.time_zone,
        service_entry_id=one.service_entry_id,
        expense_id=one.expense_id,
        author_id=one.author_id,
        attestation=_attestation(one.attestation),
        created_at=one.created_at,
    )


def _money(amount_minor: int | None, currency: str | None) -> Money | None:
    if amount_minor is None or currency is None:
        return None
    return Money.model_construct(amount_minor=amount_minor, currency=currency)


def _next_due(entry: ServiceEntry) -> NextDue | None:
    if entry.next_due_km is None and entry.next_due_months is None:
        return None
    return NextDue.model_construct(km=entry.next_due_km, months=entry.next_due_months)


def _attestation(attestation: Attestation | None) -> AttestationResponse | None:
    if attestation is None:
        return None
    return AttestationResponse(
        center_id=attestation.center_id,
        work_order_id=attestation.work_order_id,
        revision=attestation.revision,
        snapshot_sha256=attestation.snapshot_sha256,
    )
