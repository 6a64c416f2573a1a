"""A version that can no longer be decided takes its undecided jobs with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from workorders.domain.estimate import Estimate
from workorders.domain.facts import EstimateSuperseded, Recorded, SupersedeReason
from workorders.domain.people import Actor
from workorders.domain.status import EstimateState, JobStatus, Status
from workorders.domain.work_order import WorkOrder


def supersede(
    order: WorkOrder,
    estimate: Estimate,
    why: SupersedeReason,
    *,
    by: Actor,
    at: datetime,
    to: Status | None = None,
    reason: str | None = None,
) -> Recorded:
    """Ends the version. What was authorised on it stays authorised; what was not answered is proposed again."""
    order.estimate = replace(estimate, state=EstimateState.SUPERSEDED)
    for job in order.jobs_in(JobStatus.SENT):
        job.await_offer()
    return order.record(EstimateSuperseded(estimate.version, why), by=by, at=at, to=to, reason=reason)
