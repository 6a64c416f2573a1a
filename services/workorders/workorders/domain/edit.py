"""Jobs and lines are added, changed and removed, and what that does to an authorisation."""

from __future__ import annotations

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
    job = _editable(order, person, job_id)
    order.require_room(texts=(title,), freed=text_bytes(job.title))
    job.title = title
    _reconsider(order, job, raised=False)


def remove_job(order: WorkOrder, person: Person, job_id: UUID) -> None:
    """Takes the job off the order. Declined work stays on record: it was offered."""
    job = _editable(order, person, job_id)
    if job.status is JobStatus.DECLINED:
        raise JobLocked("The owner declined this job: it stays on record.")
    order.jobs.remove(job)


def add_labor(order: WorkOrder, person: Person, job_id: UUID, line_id: UUID, terms: LaborTerms) -> None:
    """Adds work to a job."""
    job = _with_room(order, person, job_id, terms)
    job.add_labor(line_id, terms)
    _reconsider(order, job, raised=False)


def add_product(order: WorkOrder, person: Person, job_id: UUID, line_id: UUID, terms: ProductTerms) -> None:
    """Adds a part, fluid or material to a job."""
    job = _with_room(order, person, job_id, terms)
    job.add_product(line_id, terms)
    _reconsider(order, job, raised=False)


def change_line[T: Terms](order: WorkOrder, person: Person, job_id: UUID, line: Line[T], terms: T) -> None:
    """Changes a line of the job. More quantity or a higher price voids the job's authorisation."""
    job = _editable(order, person, job_id)
    order.require_room(texts=terms.texts, freed=text_bytes(*line.terms.texts))
    _reconsider(order, job, raised=line.change(terms, order.pricing))


def remove_labor(order: WorkOrder, person: Person, job_id: UUID, line: LaborLine) -> None:
    """Takes work off a job."""
    job = _editable(order, person, job_id)
    job.labor.remove(line)
    _reconsider(order, job, raised=False)


def remove_product(order: WorkOrder, person: Person, job_id: UUID, line: ProductLine) -> None:
    """Takes a product off a job."""
    job = _editable(order, person, job_id)
    job.products.remove(line)
    _reconsider(order, job, raised=False)


def _editable(order: WorkOrder, person: Person, job_id: UUID) -> Job:
    order.permit(person, Action.EDIT)
    job = order.job(job_id)
    if job.status is JobStatus.SENT:
        raise JobLocked("The job is with the owner for a decision: withdraw the estimate first.")
    return job


def _with_room(order: WorkOrder, person: Person, job_id: UUID, terms: Terms) -> Job:
    job = _editable(order, person, job_id)
    order.require_room(lines=1, texts=terms.texts)
    terms.charged(order.pricing)
    return job


def _reconsider(order: WorkOrder, job: Job, *, raised: bool) -> None:
    """What an edit does to the owner's answer.

    A declined job is offered anew. An authorised one loses its authorisation when a quantity or price was raised, or
    when anything else made the bill grow beyond the tolerance.
    """
    if job.status is JobStatus.DECLINED:
        job.await_offer()
    elif job.status is JobStatus.AUTHORISED and (raised or order.exceeds_authorised):
        job.void()
