"""An estimate version is frozen, hashed and put to the car's owner."""

from __future__ import annotations

from datetime import datetime

from workorders.domain.errors import InvalidInput, NothingToSend
from workorders.domain.estimate import (
    VALIDITY,
    Document,
    Estimate,
    EstimateTerms,
    OfferedJob,
    Seal,
    estimate_content,
)
from workorders.domain.facts import EstimateSent, Recorded
from workorders.domain.job import Job
from workorders.domain.lines import LaborLine, ProductLine
from workorders.domain.money import Money, spread, sum_of
from workorders.domain.people import Person
from workorders.domain.permissions import Action
from workorders.domain.status import EstimateState, JobStatus, Status
from workorders.domain.supersede import supersede
from workorders.domain.work_order import WorkOrder


def send_estimate(
    order: WorkOrder, person: Person, at: datetime, *, discount: Money | None, tolerance: Money | None, seal: Seal
) -> tuple[Estimate, list[Recorded]]:
    """Offers every priced job that has no answer, as the next version. `discount` is spread over their lines.

    `tolerance` is by how much the bill may exceed what is authorised; None keeps what was agreed before. A version
    that is still open is replaced, with its jobs. Raises NothingToSend or InvalidInput.
    """
    actor = order.permit(person, Action.SEND_ESTIMATE)
    offered = [job for job in order.jobs_in(JobStatus.PROPOSED, JobStatus.VOID, JobStatus.SENT) if job.priced]
    if all(job.status is JobStatus.SENT for job in offered):
        raise NothingToSend("There is no priced job to send: add one, or change one that was declined.")
    shares = _shares(order, offered, order.pricing.minor(discount, field="discount"))
    margin = order.tolerance_minor if tolerance is None else order.pricing.minor(tolerance, field="tolerance")
    facts: list[Recorded] = []
    if order.estimate is not None and order.estimate.state is EstimateState.OPEN:
        facts.append(supersede(order, order.estimate, "replaced", by=actor, at=at))
    for line, share in shares:
        line.order_discount = share
    for job in offered:
        job.status = JobStatus.SENT
    order.estimate, document = _freeze(order, offered, at, tolerance=margin, seal=seal)
    fact = EstimateSent(order.estimate, document, _told(order, offered))
    to = Status.AWAITING_APPROVAL if order.status is Status.DRAFT else None
    return order.estimate, [*facts, order.record(fact, by=actor, at=at, to=to)]


def _shares(order: WorkOrder, offered: list[Job], discount: int) -> list[tuple[LaborLine | ProductLine, int]]:
    lines = [line for job in offered for line in job.lines]
    charged = [line.terms.charged(order.pricing) for line in lines]
    if discount > sum(charged):
        raise InvalidInput(
            "The discount is larger than the estimate.", field="discount", code="discount_exceeds_amount"
        )
    return list(zip(lines, spread(discount, charged), strict=True))


def _freeze(
    order: WorkOrder, offered: list[Job], at: datetime, *, tolerance: int, seal: Seal
) -> tuple[Estimate, Document]:
    terms = EstimateTerms(
        work_order_id=order.id,
        number=order.number,
        center_id=order.center_id,
        car_id=order.car_id,
        version=order.estimate.version + 1 if order.estimate else 1,
        tolerance_minor=tolerance,
        already_authorised_minor=order.authorised_minor,
        sent_at=at,
        valid_until=at + VALIDITY,
    )
    document = seal(estimate_content(terms, offered, order.pricing))
    estimate = Estimate(
        version=terms.version,
        sha256=document.sha256,
        total_minor=sum_of(job.amounts(order.pricing) for job in offered).total,
        tolerance_minor=terms.tolerance_minor,
        sent_at=at,
        valid_until=terms.valid_until,
    )
    return estimate, document


def _told(order: WorkOrder, offered: list[Job]) -> tuple[OfferedJob, ...]:
    return tuple(OfferedJob(job.id, job.title, job.amounts(order.pricing).total, job.status) for job in offered)
