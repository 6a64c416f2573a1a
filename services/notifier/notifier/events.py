"""From the events of other services to what is told to whom. Pure: an event carries all that its message says."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from chassis.consuming import Received
from contracts.event import Event
from contracts.owners import CarEvent, CarIdentityDecided, CarTransferred, OdometerGrownStale, UserEvent
from contracts.sto import (
    CenterVerificationChanged,
    EmployeeEvent,
    LinkApproved,
    LinkDeclined,
    LinkEvent,
    LinkRequested,
)
from contracts.trust import RecommendationChanged, RecommendationEvent, RecommendationOpened
from contracts.workorders import (
    EstimateDecided,
    EstimateSent,
    EstimateSuperseded,
    SnapshotLabor,
    SnapshotProduct,
    WorkOrderCancelled,
    WorkOrderCompleted,
    WorkOrderEvent,
)
from notifier.domain.car_label import car_label
from notifier.domain.decisions import LINK_VERSION, Decision, MadeBy, Outcome, outcome_of
from notifier.domain.employments import Employment
from notifier.domain.notices import Announcement, Notice
from notifier.domain.read_models import CarState, UserState
from notifier.domain.service_due import Interval, next_due
from notifier.domain.templates import (
    CancelledWork,
    CompletedWork,
    DecidedJob,
    Estimate,
    HandedOver,
    IdentityDecided,
    LinkRequest,
    Odometer,
    Params,
    PricedJob,
    Recommendation,
    RecordedConsent,
    StaleOdometer,
    Template,
    Verification,
)

_DUE = frozenset({"due", "overdue"})


def notice_of(received: Received[Any]) -> Notice | None:  # noqa: C901, PLR0911, PLR0912 - one arm per event
    """What the event tells its car's owner; None when it is no news to him."""
    match received.event:
        case LinkRequested() as event:
            return _of_link(received, event)
        case EstimateSent() as event:
            return _of_order(received, event, Template.ESTIMATE_SENT, _estimate(event), event.estimate_version)
        case EstimateDecided() as event:
            if event.consent_channel == "owner":
                return None
            return _of_order(received, event, Template.CONSENT_RECORDED, _consent(event))
        case WorkOrderCompleted() as event:
            return _of_order(received, event, Template.WORK_ORDER_COMPLETED, _completed(event))
        case WorkOrderCancelled() as event:
            params = CancelledWork(event.number, event.car_label, event.center_name, event.reason)
            return _of_order(received, event, Template.WORK_ORDER_CANCELLED, params)
        case CarTransferred() as event:
            handed_over = HandedOver(car_label(event.make, event.model, event.plate))
            return _of_car(received, event, event.previous_owner_id, Template.CAR_TRANSFERRED, handed_over)
        case CarIdentityDecided() as event:
            decided = IdentityDecided(car_label(event.make, event.model, event.plate), event.outcome)
            return _of_car(received, event, event.owner_id, Template.CAR_IDENTITY_DECIDED, decided)
        case OdometerGrownStale() as event:
            return _of_car(received, event, event.owner_id, Template.ODOMETER_STALE, _stale(event))
        case RecommendationOpened() as event:
            return _of_recommendation(received, event, Template.RECOMMENDATION_OPENED)
        case RecommendationChanged() as event:
            if event.status not in _DUE:
                return None
            return _of_recommendation(received, event, Template.RECOMMENDATION_DUE)
        case event:
            raise TypeError(f"{event.event_type} tells nobody anything")


def decision_of(received: Received[Any]) -> Decision:
    """What became of an estimate or of a center's request."""
    match received.event:
        case EstimateDecided() as event:
            jobs = {each.job_id: each.decision for each in event.decisions}
            made_by = MadeBy.OWNER if event.consent_channel == "owner" else MadeBy.STAFF
            outcome = outcome_of(jobs.values())
            return Decision(
                received.id, event.work_order_id, event.estimate_version, outcome, made_by, event.occurred_at, jobs
            )
        case EstimateSuperseded() as event:
            return _closed(received, event.work_order_id, event.estimate_version)
        case LinkApproved() | LinkDeclined() as event:
            outcome = Outcome.APPROVED if isinstance(event, LinkApproved) else Outcome.DECLINED
            return Decision(received.id, event.link_id, LINK_VERSION, outcome, MadeBy.OWNER, event.occurred_at)
        case LinkEvent() as event:
            return _closed(received, event.link_id, LINK_VERSION)
        case event:
            raise TypeError(f"{event.event_type} decides nothing")


def announcement_of(received: Received[CenterVerificationChanged]) -> Announcement:
    """What the event tells the center's owners."""
    event = received.event
    return Announcement(
        event_id=received.id,
        center_id=event.center_id,
        template=Template.CENTER_VERIFICATION_CHANGED,
        params=Verification(event.name, event.verification, event.reason),
        occurred_at=event.occurred_at,
        traceparent=received.traceparent,
    )


def employment_of(event: EmployeeEvent) -> Employment:
    """What an employment became."""
    return Employment(
        employee_id=event.employee_id,
        sequence=event.sequence,
        center_id=event.center_id,
        user_id=event.user_id,
        role=event.role,
        active=event.active,
        occurred_at=event.occurred_at,
    )


def user_state(event: UserEvent) -> UserState:
    """A user's settings."""
    return UserState(event.user_id, event.locale, event.time_zone, event.distance_unit, event.sequence)


def car_state(event: CarEvent) -> CarState:
    """How a car is called."""
    return CarState(event.car_id, event.owner_id, event.make, event.model, event.plate, event.sequence)


def _closed(received: Received[Event], subject_id: Any, version: int) -> Decision:
    return Decision(received.id, subject_id, version, Outcome.CLOSED, MadeBy.NOBODY, received.event.occurred_at)


def _of_link(received: Received[Any], event: LinkRequested) -> Notice:
    return Notice(
        event_id=received.id,
        user_id=event.owner_id,
        template=Template.LINK_REQUESTED,
        params=LinkRequest(event.link_id, event.car_label, event.center_name, event.scopes, event.expires_at),
        subject_kind="car_link",
        subject_id=event.link_id,
        occurred_at=event.occurred_at,
        version=LINK_VERSION,
        car_id=event.car_id,
        traceparent=received.traceparent,
    )


def _of_order(
    received: Received[Any], event: WorkOrderEvent, template: Template, params: Params, version: int | None = None
) -> Notice:
    return Notice(
        event_id=received.id,
        user_id=event.owner_id,
        template=template,
        params=params,
        subject_kind="work_order",
        subject_id=event.work_order_id,
        occurred_at=event.occurred_at,
        version=version,
        car_id=event.car_id,
        traceparent=received.traceparent,
    )


def _of_car(
    received: Received[Any],
    event: CarEvent | OdometerGrownStale,
    user_id: UUID,
    template: Template,
    params: Params,
) -> Notice:
    return Notice(
        event_id=received.id,
        user_id=user_id,
        template=template,
        params=params,
        subject_kind="car",
        subject_id=event.car_id,
        occurred_at=event.occurred_at,
        traceparent=received.traceparent,
    )


def _of_recommendation(received: Received[Any], event: RecommendationEvent, template: Template) -> Notice:
    return Notice(
        event_id=received.id,
        user_id=event.owner_id,
        template=template,
        params=Recommendation(event.title, event.status, event.due_km, event.due_on),
        subject_kind="recommendation",
        subject_id=event.recommendation_id,
        occurred_at=event.occurred_at,
        car_id=event.car_id,
        traceparent=received.traceparent,
    )


def _estimate(event: EstimateSent) -> Estimate:
    return Estimate(
        work_order_id=event.work_order_id,
        number=event.number,
        car_label=event.car_label,
        center_name=event.center_name,
        estimate_version=event.estimate_version,
        jobs=tuple(PricedJob(job.job_id, job.title, job.total_minor) for job in event.jobs if job.status == "sent"),
        total_minor=event.total_minor,
        currency=event.currency,
        valid_until=event.valid_until,
    )


def _consent(event: EstimateDecided) -> RecordedConsent:
    return RecordedConsent(
        number=event.number,
        car_label=event.car_label,
        center_name=event.center_name,
        channel=event.consent_channel,
        jobs=tuple(DecidedJob(each.title, each.decision, each.total_minor) for each in event.decisions),
        currency=event.currency,
    )


def _stale(event: OdometerGrownStale) -> StaleOdometer:
    last = event.last_ok
    label = car_label(event.make, event.model, event.plate)
    return StaleOdometer(label, Odometer(last.value, last.unit, last.km), last.observed_on)


def _completed(event: WorkOrderCompleted) -> CompletedWork:
    snapshot = event.snapshot
    measured = snapshot.odometer
    reading = (
        Odometer(measured.value, measured.unit, measured.km)
        if measured.readable and measured.value is not None and measured.km is not None
        else None
    )
    lines: list[SnapshotLabor | SnapshotProduct] = []
    for job in snapshot.jobs:
        lines += [*job.labor, *job.products]
    next_km, next_on = next_due(
        (Interval(line.next_service.km, line.next_service.months) for line in lines if line.next_service is not None),
        odometer_km=None if reading is None else reading.km,
        done_on=date.fromisoformat(snapshot.completed_on),
    )
    return CompletedWork(
        number=event.number,
        car_label=event.car_label,
        center_name=event.center_name,
        total_minor=snapshot.totals.total_minor,
        currency=snapshot.totals.currency,
        odometer=reading,
        next_km=next_km,
        next_on=None if next_on is None else next_on.isoformat(),
    )
