"""Service entries, expenses and readings as they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from chassis.http import ApiModel
from owners.api.amendment_responses import (
    AmendmentResponse,
    ExpenseInForce,
    ServiceInForce,
    amendment_responses,
    expense_in_force,
    line_bodies,
    money,
    next_due,
    service_in_force,
)
from owners.api.file_schemas import AttachmentResponse, attachment_response
from owners.api.record_requests import LineBody, NextDue
from owners.api.values import JudgedOdometer, Money, RateResponse, judged_odometer, rate_response
from owners.db.access import HistoryReader
from owners.domain.amendment import Amendment
from owners.domain.files import Attachment
from owners.domain.odometer.meter import MeterReplacement
from owners.domain.odometer.reading import Unit
from owners.domain.odometer.recorded import RecordedReading, Source
from owners.domain.records import Attestation, Expense, ExpenseCategory, Provenance, ServiceEntry
from owners.queries import Amended


class AttestationResponse(ApiModel):
    """The completed work order behind a record: the snapshot with this hash says it, for ever."""

    center_id: UUID
    work_order_id: UUID
    revision: int
    snapshot_sha256: str


class ServiceEntryResponse(ApiModel):
    """A service. Amounts, cost and note are its owner's: null to a linked center's people and to later owners.

    An attested one stays as its work order was completed; `amendments` tell what was corrected since, the oldest
    first, and `in_force` what counts after them (null: nothing was corrected).
    """

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
    amendments: list[AmendmentResponse]
    in_force: ServiceInForce | None
    created_at: datetime
    updated_at: datetime


class ExpenseResponse(ApiModel):
    """An expense. One with a `service_entry_id` is what that service cost, and changes with it only.

    A schedule entered the one with a `schedule_id`; it may be changed like any other. An attested one stays as it was;
    `amendments` are those of its service which touch what it cost, and `in_force` is what counts after them.
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
    amendments: list[AmendmentResponse]
    in_force: ExpenseInForce | None
    created_at: datetime
    updated_at: datetime


class MeterReadingResponse(ApiModel):
    """What a meter showed, and whole kilometres (half to even) beside it."""

    value: str
    unit: Unit
    km: int


class MeterReplacementResponse(ApiModel):
    """A service center put in another meter; the work order that attests it is named beside it.

    `removed` is null when the old one could not be read: it counts up to `removed_km` all the same, the last good
    reading. From `replaced_at` on `offset_km` are added to what is read.
    """

    id: UUID
    replaced_on: date
    replaced_at: datetime
    removed: MeterReadingResponse | None
    removed_km: int
    installed: MeterReadingResponse
    offset_km: Annotated[int, Field(description="removed_km less what the new one showed; adds to earlier ones")]
    reason: str


class ReadingResponse(ApiModel):
    """A reading of the odometer; `candidates_km` are what a quarantined one may have meant, the likeliest first."""

    id: UUID
    source: Source
    provenance: Provenance
    odometer: JudgedOdometer
    candidates_km: list[int]
    total_km: Annotated[int, Field(description="with what earlier meters of the car counted")]
    removed_meter: Annotated[bool, Field(description="the last reading of a meter that was taken out")]
    meter_replacement: MeterReplacementResponse | None
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
    amended: Amended | None = None,
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
        lines=line_bodies(entry.lines, currency),
        cost=money(entry.cost_minor, currency),
        rate=rate_response(entry.rated) if own else None,
        expense_id=expense_id,
        next_due=next_due(entry.next_due_km, entry.next_due_months),
        note=entry.note if own else None,
        attachments=[attachment_response(one) for one in files],
        author_id=entry.author_id,
        attestation=_attestation(entry.attestation),
        work_order_number=entry.work_order_number,
        amendments=amendment_responses(amended.amendments, amended.readings, currency) if amended else [],
        in_force=service_in_force(amended, currency),
        created_at=entry.created_at,
        updated_at=entry.updated_at,
    )


def expense_response(
    expense: Expense,
    reading: RecordedReading | None,
    files: Sequence[Attachment],
    amendments: Sequence[Amendment] = (),
) -> ExpenseResponse:
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
        amendments=amendment_responses(amendments, {}, expense.currency),
        in_force=expense_in_force(amendments, expense.currency),
        created_at=expense.created_at,
        updated_at=expense.updated_at,
    )


def reading_response(one: RecordedReading, replacement: MeterReplacement | None = None) -> ReadingResponse:
    """The reading with its verdict, and the replacement of a meter that it belongs to."""
    odometer = judged_odometer(one)
    if odometer is None or one.judgement is None:
        raise ValueError("a reading is judged before it is shown")
    return ReadingResponse(
        id=one.reading.id,
        source=one.source,
        provenance=one.provenance,
        odometer=odometer,
        candidates_km=list(one.judgement.candidates_km),
        total_km=one.total_km,
        removed_meter=one.removed_meter,
        meter_replacement=None if replacement is None else _replacement(replacement),
        observed_on=one.reading.observed_on,
        observed_at=one.reading.observed_at,
        time_zone=one.time_zone,
        service_entry_id=one.service_entry_id,
        expense_id=one.expense_id,
        author_id=one.author_id,
        attestation=_attestation(one.attestation),
        created_at=one.created_at,
    )


def _replacement(one: MeterReplacement) -> MeterReplacementResponse:
    return MeterReplacementResponse(
        id=one.id,
        replaced_on=one.replaced_on,
        replaced_at=one.replaced_at,
        removed=None if one.removed_value is None else _shown(one.removed_value, one.removed_unit, one.removed_km),
        removed_km=one.removed_km,
        installed=_shown(one.installed_value, one.installed_unit, one.installed_km),
        offset_km=one.offset_km,
        reason=one.reason,
    )


def _shown(value: Decimal, unit: Unit, km: int) -> MeterReadingResponse:
    return MeterReadingResponse(value=format(value, "f"), unit=unit, km=km)


def _attestation(attestation: Attestation | None) -> AttestationResponse | None:
    if attestation is None:
        return None
    return AttestationResponse(
        center_id=attestation.center_id,
        work_order_id=attestation.work_order_id,
        revision=attestation.revision,
        snapshot_sha256=attestation.snapshot_sha256,
    )
