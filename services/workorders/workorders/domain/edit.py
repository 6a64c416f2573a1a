"""Jobs and lines are added, changed and removed, and what that does to an authorisation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from uuid import UUID

from workorders.domain.errors import JobLocked
from workorders.domain.job import Job
from workorders.domain.lines import LaborLine, LaborTerms, Line, ProductLine, ProductTerms, Terms, text_bytes
from workorders.domain.people import Person
from workorders.domain.permissions import Action
from workorders.domain.status import JobStatus
from workorders.domain.work_order import WorkOrder


def add_job(order: WorkOrder, person: Person, job_id: UUID, title: str) -> Job:
    """Proposes a job; the owner is asked with the next estimate version."""
    order.permit(person, Action.EDIT)
    order.require_room(jobs=1, texts=(title,))
    job = Job(id=job_id, title=title)
    order.jobs.append(job)
    return job


def rename_job(order: WorkOrder, person: Person, job_id: UUID, title: str) -> None:
    """Gives the job another title. A declined one is thereby offered anew."""
    with _editing(order, person, job_id) as job:
        order.require_room(texts=(title,), freed=text_bytes(job.title))
        job.title = title


def remove_job(order: WorkOrder, person: Person, job_id: UUID) -> None:
    """Takes the job off the order. Declined work stays on record: it was offered."""
    job = _editable(order, person, job_id)
    if job.status is JobStatus.DECLINED:
        raise JobLocked("The owner declined this job: it stays on record.")
    order.jobs.remove(job)


def add_labor(order: WorkOrder, person: Person, job_id: UUID, line_id: UUID, terms: LaborTerms) -> None:
    """Adds work to a job."""
    with _editing(order, person, job_id) as job:
        _require_room(order, terms)
        job.add_labor(line_id, terms)


def add_product(order: WorkOrder, person: Person, job_id: UUID, line_id: UUID, terms: ProductTerms) -> None:
    """Adds a part, fluid or material to a job."""
    with _editing(order, person, job_id) as job:
        _require_room(order, terms)
        job.add_product(line_id, terms)


def change_line[T: Terms](order: WorkOrder, person: Person, job_id: UUID, line: Line[T], terms: T) -> None:
    """Changes a line of the job. More quantity or a higher price voids the job's authorisation."""
    with _editing(order, person, job_id):
        order.require_room(texts=terms.texts, freed=text_bytes(*line.terms.texts))
        terms.charged(order.pricing)
        line.terms = terms


def remove_labor(order: WorkOrder, person: Person, job_id: UUID, line: LaborLine) -> None:
    """Takes work off a job."""
    with _editing(order, person, job_id) as job:
        job.labor.remove(line)


def remove_product(order: WorkOrder, person: Person, job_id: UUID, line: ProductLine) -> None:
    """Takes a product off a job."""
    with _editing(order, person, job_id) as job:
        job.products.remove(line)


def _require_room(order: WorkOrder, terms: Terms) -> None:
    order.require_room(lines=1, texts=terms.texts)
    terms.charged(order.pricing)


def _editable(order: WorkOrder, person: Person, job_id: UUID) -> Job:
    order.permit(person, Action.EDIT)
    job = order.job(job_id)
    if job.status is JobStatus.SENT:
        raise JobLocked("The job is with the owner for a decision: withdraw the estimate first.")
    return job


@contextmanager
def _editing(order: WorkOrder, person: Person, job_id: UUID) -> Iterator[Job]:
    """Lets the job be edited, and settles what the edit means for the owner's answer.

    A declined job is offered anew. An authorised one loses its authorisation when the quantity or price of a line
    was raised, or when it grew in another way and the bill exceeds what was agreed and the tolerance.
    """
    job = _editable(order, person, job_id)
    asked, total = _asked(job), job.amounts(order.pricing).total
    yield job
    if job.status is JobStatus.DECLINED:
        job.await_offer()
    elif job.status is JobStatus.AUTHORISED:
        grew = job.amounts(order.pricing).total > total
        if _raised(asked, _asked(job)) or (grew and order.exceeds_authorised):
            job.void()


type _Asked = dict[UUID, tuple[Decimal, Decimal]]


def _asked(job: Job) -> _Asked:
    return {line.id: (line.terms.quantity, line.terms.unit_price) for line in job.lines}


def _raised(before: _Asked, after: _Asked) -> bool:
    lines = before.keys() & after.keys()
    return any(new > old for line in lines for old, new in zip(before[line], after[line], strict=True))
