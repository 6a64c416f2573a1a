"""What a completed order says for ever: built once, from the order as it was handed over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import Any
from uuid import UUID

from contracts.workorders import (
    DeclinedJob,
    NextService,
    Snapshot,
    SnapshotAuthorisation,
    SnapshotCar,
    SnapshotCenter,
    SnapshotJob,
    SnapshotLabor,
    SnapshotMeterReplacement,
    SnapshotOdometer,
    SnapshotProduct,
    SnapshotTotals,
)
from workorders.canonical import seal
from workorders.db.directory import Surroundings
from workorders.domain import lines
from workorders.domain.decision import Decision
from workorders.domain.estimate import Document, plain
from workorders.domain.job import Job
from workorders.domain.lines import LaborLine, Line, ProductLine, Terms
from workorders.domain.money import Pricing
from workorders.domain.odometer import Measured, Moment, OdometerOut, Replacement
from workorders.domain.status import JobStatus
from workorders.domain.work_order import WorkOrder


@dataclass(frozen=True, slots=True)
class SealedSnapshot:
    """The snapshot, and its canonical text with the hash."""

    content: Snapshot
    document: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a snapshot tells beside the order itself."""

    surroundings: Surroundings
    odometer: OdometerOut
    moment: Moment
    completed_by: UUID


def seal_snapshot(order: WorkOrder, told: Circumstances) -> SealedSnapshot:
    """The snapshot of an order that has just been completed."""
    center, car = told.surroundings.center, told.surroundings.car
    content = Snapshot(
        schema_version=1,
        work_order_id=order.id,
        number=order.number,
        center=SnapshotCenter(
            center_id=center.id, name=center.name, verification="approved", time_zone=center.time_zone
        ),
        car=SnapshotCar(car_id=car.id, vin=car.vin, frame_number=car.frame_number, plate=car.plate),
        owner_id=order.owner_id,
        mechanic_ids=_mechanics(order),
        complaint=order.complaint,
        odometer=_odometer(told),
        jobs=tuple(_job(job, order.pricing) for job in order.jobs_in(JobStatus.AUTHORISED)),
        declined=tuple(_declined(job) for job in order.jobs_in(JobStatus.DECLINED)),
        totals=_totals(order),
        estimate_sha256s=told.surroundings.estimate_sha256s,
        related_party=order.related_party,
        opened_at=order.opened_at.astimezone(UTC),
        completed_at=told.moment.at.astimezone(UTC),
        completed_on=told.moment.on.isoformat(),
        completed_by=told.completed_by,
    )
    return SealedSnapshot(content, seal(content.model_dump(mode="json")))


def _mechanics(order: WorkOrder) -> tuple[UUID, ...]:
    """Who worked on what was done."""
    done = (line for job in order.jobs_in(JobStatus.AUTHORISED) for line in job.labor)
    return tuple(sorted({line.terms.mechanic_id for line in done if line.terms.mechanic_id is not None}))


def _job(job: Job, pricing: Pricing) -> SnapshotJob:
    if job.authorisation is None:
        raise ValueError("an authorised job has a decision")
    return SnapshotJob(
        job_id=job.id,
        title=job.title,
        labor=tuple(_labor(line, pricing) for line in job.labor),
        products=tuple(_product(line, pricing) for line in job.products),
        total_minor=job.amounts(pricing).total,
        authorisation=_authorisation(job.authorisation),
    )


def _authorisation(decision: Decision) -> SnapshotAuthorisation:
    if decision.decided_by.user_id is None:
        raise ValueError("somebody authorised the job")
    return SnapshotAuthorisation(
        estimate_version=decision.estimate_version,
        estimate_sha256=decision.estimate_sha256,
        decided_at=decision.decided_at.astimezone(UTC),
        decided_by=decision.decided_by.user_id,
        role=decision.decided_by.role,
        consent_channel=decision.channel,
    )


def _billed[T: Terms](line: Line[T], pricing: Pricing) -> dict[str, Any]:
    amounts = line.amounts(pricing)
    return {
        "line_id": line.id,
        "discount_minor": amounts.discount,
        "tax_percent": plain(line.terms.tax_percent),
        "tax_minor": amounts.tax,
        "net_minor": amounts.net,
        "total_minor": amounts.total,
        "next_service": _next_service(line.terms.next_service),
    }


def _labor(line: LaborLine, pricing: Pricing) -> SnapshotLabor:
    terms = line.terms
    return SnapshotLabor(
        operation=terms.operation,
        hours=plain(terms.hours),
        rate=plain(terms.rate),
        mechanic_id=terms.mechanic_id,
        **_billed(line, pricing),
    )


def _product(line: ProductLine, pricing: Pricing) -> SnapshotProduct:
    terms = line.terms
    return SnapshotProduct(
        kind=terms.kind,
        name=terms.name,
        sku=terms.sku,
        quantity=plain(terms.amount),
        unit=terms.unit,
        price=plain(terms.price),
        batch=terms.batch,
        warranty=terms.warranty,
        customer_supplied=terms.customer_supplied,
        **_billed(line, pricing),
    )


def _declined(job: Job) -> DeclinedJob:
    return DeclinedJob(job_id=job.id, title=job.title, next_service=_next_service(job.next_service))


def _next_service(due: lines.NextService | None) -> NextService | None:
    return NextService(km=due.km, months=due.months) if due else None


def _odometer(told: Circumstances) -> SnapshotOdometer:
    reading = told.odometer
    measured = reading if isinstance(reading, Measured) else None
    override = measured.override if measured else None
    return SnapshotOdometer(
        readable=measured is not None,
        value=plain(measured.value) if measured else None,
        unit=measured.unit if measured else told.surroundings.car.odometer_unit,
        km=measured.km if measured else None,
        measured_at=told.moment.at.astimezone(UTC),
        override_reason=override.reason if override else None,
        photo_sha256=override.photo_sha256 if override else None,
        unreadable_reason=None if isinstance(reading, Measured) else reading.reason,
        meter_replacement=_replacement(measured.replacement) if measured and measured.replacement else None,
    )


def _replacement(accepted: Replacement) -> SnapshotMeterReplacement:
    removed, installed = accepted.removed, accepted.installed
    if accepted.removed_km is None:
        raise ValueError("a replacement is accepted before it is sealed")
    override = removed.override if removed else None
    return SnapshotMeterReplacement(
        removed_value=plain(removed.value) if removed else None,
        removed_unit=removed.unit if removed else installed.unit,
        removed_km=accepted.removed_km,
        installed_value=plain(installed.value),
        installed_unit=installed.unit,
        installed_km=installed.km,
        reason=accepted.reason,
        override_reason=override.reason if override else None,
        photo_sha256=override.photo_sha256 if override else None,
    )


def _totals(order: WorkOrder) -> SnapshotTotals:
    amounts = order.amounts
    return SnapshotTotals(
        net_minor=amounts.net,
        discount_minor=amounts.discount,
        tax_minor=amounts.tax,
        total_minor=amounts.total,
        currency=order.pricing.currency,
        prices_include_tax=order.pricing.prices_include_tax,
    )
