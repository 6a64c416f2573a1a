"""From what happened to an order to what the world is told: contract events."""

from __future__ import annotations

from typing import Any

from contracts.event import Actor, Event
from contracts.workorders import (
    EstimateDecided,
    EstimateJob,
    EstimateSent,
    EstimateSuperseded,
    JobDecision,
    WorkOrderCancelled,
    WorkOrderCompleted,
    WorkOrderOpened,
    WorkOrderStatusChanged,
)
from workorders.domain import facts
from workorders.domain.decision import Decision
from workorders.domain.facts import Recorded
from workorders.domain.work_order import WorkOrder
from workorders.snapshot import SealedSnapshot


def event_of(order: WorkOrder, recorded: Recorded, snapshot: SealedSnapshot | None) -> Event:
    """The event that tells this fact. `snapshot` goes with a completion, and with nothing else."""
    envelope = _envelope(order, recorded)
    match recorded.fact:
        case facts.Opened():
            return WorkOrderOpened(**envelope)
        case facts.Moved():
            return WorkOrderStatusChanged(**envelope, previous=recorded.previous, reason=recorded.reason)
        case facts.Cancelled():
            return WorkOrderCancelled(**envelope, previous=recorded.previous, reason=recorded.reason)
        case facts.Completed():
            return _completed(envelope, snapshot)
        case _ as of_estimate:
            return _of_estimate(envelope, order, of_estimate)


type _OfEstimate = facts.EstimateSent | facts.EstimateSuperseded | facts.EstimateDecided


def _of_estimate(envelope: dict[str, Any], order: WorkOrder, fact: _OfEstimate) -> Event:
    match fact:
        case facts.EstimateSent():
            return _estimate_sent(envelope, order, fact)
        case facts.EstimateSuperseded(version, why):
            return EstimateSuperseded(**envelope, estimate_version=version, reason=why)
        case facts.EstimateDecided():
            return _estimate_decided(envelope, order, fact)


def _completed(envelope: dict[str, Any], snapshot: SealedSnapshot | None) -> WorkOrderCompleted:
    if snapshot is None:
        raise ValueError("a completion is told with its snapshot")
    return WorkOrderCompleted(
        **envelope, revision=1, snapshot=snapshot.content, snapshot_sha256=snapshot.document.sha256
    )


def _envelope(order: WorkOrder, recorded: Recorded) -> dict[str, Any]:
    return {
        "sequence": recorded.sequence,
        "occurred_at": recorded.at,
        "actor": Actor(user_id=recorded.by.user_id, role=recorded.by.role),
        "work_order_id": order.id,
        "number": order.number,
        "car_id": order.car_id,
        "car_label": order.car_label,
        "owner_id": order.owner_id,
        "center_id": order.center_id,
        "center_name": order.center_name,
        "status": recorded.status.value,
        "related_party": order.related_party,
    }


def _estimate_sent(envelope: dict[str, Any], order: WorkOrder, sent: facts.EstimateSent) -> EstimateSent:
    return EstimateSent(
        **envelope,
        estimate_version=sent.estimate.version,
        estimate_sha256=sent.estimate.sha256,
        jobs=tuple(
            EstimateJob(job_id=job.job_id, title=job.title, total_minor=job.total_minor, status=job.status.value)
            for job in sent.jobs
        ),
        total_minor=sent.estimate.total_minor,
        tolerance_minor=sent.estimate.tolerance_minor,
        currency=order.pricing.currency,
        valid_until=sent.estimate.valid_until,
        order_version=order.version,
    )


def _estimate_decided(envelope: dict[str, Any], order: WorkOrder, decided: facts.EstimateDecided) -> EstimateDecided:
    return EstimateDecided(
        **envelope,
        estimate_version=decided.version,
        decisions=tuple(_decision(each) for each in decided.decisions),
        currency=order.pricing.currency,
        consent_channel=decided.decisions[0].channel,
    )


def _decision(each: Decision) -> JobDecision:
    return JobDecision(job_id=each.job_id, title=each.title, decision=each.choice.value, total_minor=each.total_minor)
