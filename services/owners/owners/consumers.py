"""From events of other services, and timers, to use cases: translation only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from chassis.clock import Clock, system_clock
from chassis.consuming import Received, Subscriptions
from chassis.db import Transaction
from chassis.timers import Timers
from contracts.corrections import Amendment, CorrectionAccepted
from contracts.sto import (
    AppointmentCheckedIn,
    CenterEvent,
    CenterRegistered,
    CenterUpdated,
    CenterVerificationChanged,
    EmployeeDeactivated,
    EmployeeEvent,
    EmployeeJoined,
    EmployeeRoleChanged,
    LinkApproved,
    LinkDeclined,
    LinkEvent,
    LinkExpired,
    LinkRequested,
    LinkRevoked,
)
from contracts.workorders import (
    EstimateDecided,
    EstimateSent,
    EstimateSuperseded,
    NextService,
    Snapshot,
    SnapshotMeterReplacement,
    SnapshotOdometer,
    WorkOrderCancelled,
    WorkOrderCompleted,
    WorkOrderOpened,
    WorkOrderStatusChanged,
)
from owners.commands.amend_work_orders import Amending, amend_work_orders
from owners.commands.ask_for_readings import READING_SWEEP, ask_for_readings
from owners.commands.attest_work_orders import Attesting, attest_work_orders
from owners.commands.check_in import CheckIn, check_in
from owners.commands.end_access import ACCESS_EXPIRY, expire_access
from owners.commands.schedule_expense import SCHEDULED_EXPENSE, enter_scheduled
from owners.db.read_models import keep_centers, keep_employees, keep_links
from owners.domain.amendment import Billed, Correction, Party
from owners.domain.completion import Completion, MeasuredOdometer, ReplacedMeter
from owners.domain.odometer.reading import parse_value
from owners.domain.odometer.recorded import TypedOdometer
from owners.domain.odometer.staleness import STALE_AFTER
from owners.domain.records import Attestation, Line

subscriptions: Final = Subscriptions("owners")
subscriptions.ignore(  # an order says nothing about a car before it is completed
    WorkOrderOpened,
    EstimateSent,
    EstimateSuperseded,
    EstimateDecided,
    WorkOrderStatusChanged,
    WorkOrderCancelled,
)


@subscriptions.effect(WorkOrderCompleted)
async def on_completed_work_orders(tx: Transaction, batch: Sequence[Received[WorkOrderCompleted]]) -> None:
    """Attested facts of the cars."""
    await attest_work_orders(tx, [Attesting(_completion(received.event), received) for received in batch])


@subscriptions.effect(CorrectionAccepted)
async def on_accepted_corrections(tx: Transaction, batch: Sequence[Received[CorrectionAccepted]]) -> None:
    """Amendments of what was attested; after the completions of the same batch."""
    await amend_work_orders(tx, [Amending(_correction(received.event), received) for received in batch])


@subscriptions.effect(AppointmentCheckedIn)
async def on_check_ins(tx: Transaction, batch: Sequence[Received[AppointmentCheckedIn]]) -> None:
    """Readings of cars that came to an appointment."""
    if read := [one for one in map(_check_in, batch) if one is not None]:
        await check_in(tx, read)


@subscriptions.state(CenterRegistered, CenterUpdated, CenterVerificationChanged)
async def on_centers(tx: Transaction, batch: Sequence[Received[CenterEvent]]) -> None:
    """Centers: a suspended one reads nothing."""
    await keep_centers(
        tx,
        [
            {
                "id": event.center_id,
                "name": event.name,
                "verification": event.verification,
                "sequence": event.sequence,
            }
            for event in (received.event for received in batch)
        ],
    )


@subscriptions.state(EmployeeJoined, EmployeeRoleChanged, EmployeeDeactivated)
async def on_employees(tx: Transaction, batch: Sequence[Received[EmployeeEvent]]) -> None:
    """Who works where."""
    await keep_employees(
        tx,
        [
            {
                "id": event.employee_id,
                "center_id": event.center_id,
                "user_id": event.user_id,
                "active": event.active,
                "sequence": event.sequence,
            }
            for event in (received.event for received in batch)
        ],
    )


@subscriptions.state(LinkRequested, LinkApproved, LinkDeclined, LinkRevoked, LinkExpired)
async def on_links(tx: Transaction, batch: Sequence[Received[LinkEvent]]) -> None:
    """Which center may look at which car."""
    await keep_links(
        tx,
        [
            {
                "id": event.link_id,
                "car_id": event.car_id,
                "owner_id": event.owner_id,
                "center_id": event.center_id,
                "scopes": list(event.scopes),
                "status": event.status,
                "expires_at": event.expires_at,
                "sequence": event.sequence,
            }
            for event in (received.event for received in batch)
        ],
    )


def access_timers(clock: Clock = system_clock, *, stale_after: timedelta = STALE_AFTER) -> Timers:
    """The timers of this service. `stale_after`: how old a last reading gets before its owner is asked for another."""
    timers = Timers(clock=clock)

    @timers.on(ACCESS_EXPIRY)
    async def on_access_expiry(tx: Transaction, subject: str, due_at: datetime) -> None:
        await expire_access(tx, timers, UUID(subject), due_at=due_at)

    @timers.on(SCHEDULED_EXPENSE)
    async def on_scheduled_expense(tx: Transaction, subject: str, due_at: datetime) -> None:
        await enter_scheduled(tx, timers, UUID(subject), due_at=due_at)

    @timers.on(READING_SWEEP)
    async def on_reading_sweep(tx: Transaction, _subject: str, _due_at: datetime) -> None:
        await ask_for_readings(tx, timers, now=clock(), stale_after=stale_after)

    return timers


def _completion(event: WorkOrderCompleted) -> Completion:
    snapshot = event.snapshot
    due = [interval for interval in _intervals(snapshot) if interval is not None]
    return Completion(
        car_id=event.car_id,
        owner_id=event.owner_id,
        vin=snapshot.car.vin,
        frame_number=snapshot.car.frame_number,
        attestation=Attestation(
            center_id=event.center_id,
            work_order_id=event.work_order_id,
            revision=event.revision,
            snapshot_sha256=event.snapshot_sha256,
        ),
        work_order_number=event.number,
        center_name=snapshot.center.name,
        completed_on=date.fromisoformat(snapshot.completed_on),
        completed_by=snapshot.completed_by,
        time_zone=snapshot.center.time_zone,
        lines=tuple(_lines(snapshot)),
        total_minor=snapshot.totals.total_minor,
        currency=snapshot.totals.currency,
        next_due_km=min((interval.km for interval in due if interval.km is not None), default=None),
        next_due_months=min((interval.months for interval in due if interval.months is not None), default=None),
        odometer=_odometer(snapshot.odometer),
        occurred_at=event.occurred_at,
        meter=None if snapshot.odometer.meter_replacement is None else _meter(snapshot.odometer.meter_replacement),
    )


def _meter(replaced: SnapshotMeterReplacement) -> ReplacedMeter:
    return ReplacedMeter(
        removed_value=replaced.removed_value,
        removed_unit=replaced.removed_unit,
        removed_km=replaced.removed_km,
        installed_value=replaced.installed_value,
        installed_unit=replaced.installed_unit,
        reason=replaced.reason,
    )


def _correction(event: CorrectionAccepted) -> Correction:
    amendment = event.amendment
    return Correction(
        car_id=event.car_id,
        center_id=event.center_id,
        work_order_id=event.work_order_id,
        revision=event.revision,
        correction_id=event.correction_id,
        kind=event.kind,
        reason=amendment.reason,
        billed=_billed(amendment),
        odometer=_odometer(amendment.odometer.after) if amendment.odometer else None,
        time_zone=event.time_zone,
        proposed=Party(amendment.proposed.user_id, amendment.proposed.role),
        accepted=Party(amendment.accepted.user_id, amendment.accepted.role),
        accepted_at=event.accepted_at,
        snapshot_sha256=event.snapshot_sha256,
        amendment_sha256=event.amendment_sha256,
        occurred_at=event.occurred_at,
    )


def _billed(amendment: Amendment) -> Billed | None:
    if amendment.work is None:
        return None
    after = amendment.work.after
    due = [line.next_service for line in after.lines if line.next_service is not None]
    return Billed(
        lines=tuple(Line(line.title, line.kind, line.total_minor) for line in after.lines),
        cost_minor=after.totals.total_minor,
        currency=after.totals.currency,
        next_due_km=min((interval.km for interval in due if interval.km is not None), default=None),
        next_due_months=min((interval.months for interval in due if interval.months is not None), default=None),
    )


def _check_in(received: Received[AppointmentCheckedIn]) -> CheckIn | None:
    event = received.event
    if event.odometer is None:
        return None
    return CheckIn(
        appointment_id=event.appointment_id,
        car_id=event.car_id,
        odometer=TypedOdometer(parse_value(event.odometer.value), event.odometer.unit),
        time_zone=event.time_zone,
        checked_in_at=event.checked_in_at,
        checked_in_by=event.checked_in_by,
        cause=received,
    )


def _lines(snapshot: Snapshot) -> Iterator[Line]:
    for job in snapshot.jobs:
        yield from (Line(labor.operation, "labor", labor.total_minor) for labor in job.labor)
        yield from (Line(product.name, product.kind, product.total_minor) for product in job.products)


def _intervals(snapshot: Snapshot) -> Iterator[NextService | None]:
    for job in snapshot.jobs:
        yield from (labor.next_service for labor in job.labor)
        yield from (product.next_service for product in job.products)


def _odometer(odometer: SnapshotOdometer) -> MeasuredOdometer | None:
    if not odometer.readable or odometer.value is None:
        return None
    return MeasuredOdometer(odometer.value, odometer.unit, odometer.measured_at)
