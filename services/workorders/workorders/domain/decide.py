"""The car's owner answers for jobs of an estimate: here, by a manager of the car, or to staff who note how he did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from workorders.domain.decision import Choice, Decision, Evidence
from workorders.domain.errors import InvalidInput, JobAlreadyDecided, StaleEstimate
from workorders.domain.estimate import Estimate
from workorders.domain.facts import EstimateDecided, Recorded
from workorders.domain.job import Job
from workorders.domain.people import Actor, Person
from workorders.domain.permissions import Action
from workorders.domain.status import EstimateState, JobStatus, Status
from workorders.domain.work_order import WorkOrder

type Choices = Mapping[UUID, Choice]


def approve(order: WorkOrder, person: Person, at: datetime, *, version: int, choices: Choices) -> list[Recorded]:
    """The car side's own answer. Jobs that it leaves out stay open until the version's time is over.

    Raises StaleEstimate, JobAlreadyDecided or InvalidInput.
    """
    actor = order.permit(person, Action.APPROVE)
    order.related_party = order.related_party or person.staff_role is not None
    return _decide(order, actor, at, version=version, choices=choices, evidence=None)


def record_consent(
    order: WorkOrder, person: Person, at: datetime, *, version: int, choices: Choices, evidence: Evidence
) -> list[Recorded]:
    """Staff note an answer that came by other means. The figures that were told must be those that follow.

    Raises StaleEstimate, JobAlreadyDecided or InvalidInput.
    """
    actor = order.permit(person, Action.RECORD_CONSENT)
    if evidence.given_at > at:
        raise InvalidInput("Consent cannot lie in the future.", field="given_at", code="in_the_future")
    return _decide(order, actor, at, version=version, choices=choices, evidence=evidence)


def _decide(
    order: WorkOrder, actor: Actor, at: datetime, *, version: int, choices: Choices, evidence: Evidence | None
) -> list[Recorded]:
    estimate = order.estimate
    if estimate is None or estimate.version != version or not estimate.can_be_decided(at):
        raise StaleEstimate("This version of the estimate can no longer be decided.")
    jobs = [_awaiting_answer(order, job_id) for job_id in choices]
    decisions = tuple(_decision(order, job, choices[job.id], estimate, actor, at, evidence) for job in jobs)
    if evidence is not None:
        _require_told(order, decisions, evidence)
    for job, decision in zip(jobs, decisions, strict=True):
        _apply(job, decision)
    closed = not order.jobs_in(JobStatus.SENT)
    order.estimate = replace(estimate, state=EstimateState.DECIDED) if closed else estimate
    if Choice.AUTHORISED in choices.values():
        order.tolerance_minor = estimate.tolerance_minor
    fact = EstimateDecided(version, decisions, closed)
    return [order.record(fact, by=actor, at=at, to=_outcome(order))]


def _awaiting_answer(order: WorkOrder, job_id: UUID) -> Job:
    job = next((job for job in order.jobs if job.id == job_id), None)
    if job is None or job.status in {JobStatus.PROPOSED, JobStatus.VOID}:
        raise InvalidInput("The estimate has no such job.", field="decisions", code="unknown_job")
    if job.status is not JobStatus.SENT:
        raise JobAlreadyDecided(f"This job is already {job.status}.")
    return job


def _decision(  # noqa: PLR0917 - one private caller
    order: WorkOrder,
    job: Job,
    choice: Choice,
    estimate: Estimate,
    actor: Actor,
    at: datetime,
    evidence: Evidence | None,
) -> Decision:
    return Decision(
        job_id=job.id,
        title=job.title,
        choice=choice,
        estimate_version=estimate.version,
        estimate_sha256=estimate.sha256,
        total_minor=job.amounts(order.pricing).total,
        decided_at=at,
        decided_by=actor,
        evidence=evidence,
    )


def _require_told(order: WorkOrder, decisions: tuple[Decision, ...], evidence: Evidence) -> None:
    added = sum(decision.total_minor for decision in decisions if decision.choice is Choice.AUTHORISED)
    revised = order.authorised_minor + added
    for told, due, field in (
        (evidence.added_cost, added, "added_cost"),
        (evidence.revised_total, revised, "revised_total"),
    ):
        if order.pricing.minor(told, field=field) != due:
            raise InvalidInput(f"With these decisions it is {due} minor units.", field=field, code="total_differs")


def _apply(job: Job, decision: Decision) -> None:
    if decision.choice is Choice.AUTHORISED:
        job.status = JobStatus.AUTHORISED
        job.authorisation = decision
    else:
        job.status = JobStatus.DECLINED


def _outcome(order: WorkOrder) -> Status | None:
    """Part approved is approved; declined only when nothing is left to be answered."""
    if order.status is not Status.AWAITING_APPROVAL:
        return None
    if order.jobs_in(JobStatus.AUTHORISED):
        return Status.APPROVED
    return None if order.jobs_in(JobStatus.SENT) else Status.DECLINED
