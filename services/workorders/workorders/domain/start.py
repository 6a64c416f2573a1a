"""Work begins."""

from __future__ import annotations

from datetime import datetime

from workorders.domain.errors import NothingAuthorised
from workorders.domain.facts import Moved, Recorded
from workorders.domain.people import Person
from workorders.domain.permissions import Action
from workorders.domain.status import JobStatus, Status
from workorders.domain.work_order import WorkOrder


def start(order: WorkOrder, person: Person, at: datetime) -> list[Recorded]:
    """Approved becomes in progress. Raises NothingAuthorised when later edits voided every authorisation."""
    actor = order.permit(person, Action.START)
    if not order.jobs_in(JobStatus.AUTHORISED):
        raise NothingAuthorised("No job is authorised any more: send a new estimate.")
    return [order.record(Moved(), by=actor, at=at, to=Status.IN_PROGRESS)]
