"""Work is checked by a second pair of eyes where the order asks for it, is ready, or is taken up again."""

from __future__ import annotations

from datetime import datetime

from workorders.domain.errors import JobsUndecided, QualityCheckNotAsked, QualityCheckRequired
from workorders.domain.facts import Moved, Recorded
from workorders.domain.pause import require_second_pair_of_eyes
from workorders.domain.people import Person
from workorders.domain.permissions import Action
from workorders.domain.status import JobStatus, Status
from workorders.domain.work_order import WorkOrder


def check_quality(order: WorkOrder, person: Person, at: datetime) -> list[Recorded]:
    """The mechanic hands the work in for a check."""
    actor = order.permit(person, Action.CHECK_QUALITY)
    if not order.four_eyes:
        raise QualityCheckNotAsked("This work order does not ask for a quality check: mark it ready.")
    _require_answers(order)
    order.submitted_for_check_by = person.user_id
    return [order.record(Moved(), by=actor, at=at, to=Status.QUALITY_CHECK)]


def mark_ready(order: WorkOrder, person: Person, at: datetime) -> list[Recorded]:
    """The car can be handed over."""
    actor = order.permit(person, Action.MARK_READY)
    if order.status is Status.IN_PROGRESS and order.four_eyes:
        raise QualityCheckRequired("This work order asks for a quality check first.")
    require_second_pair_of_eyes(order, person)
    _require_answers(order)
    order.submitted_for_check_by = None
    return [order.record(Moved(), by=actor, at=at, to=Status.READY)]


def reopen(order: WorkOrder, person: Person, at: datetime, *, reason: str | None) -> list[Recorded]:
    """Something is left to do after all."""
    actor = order.permit(person, Action.REOPEN)
    return [order.record(Moved(), by=actor, at=at, to=Status.IN_PROGRESS, reason=reason)]


def _require_answers(order: WorkOrder) -> None:
    if order.jobs_in(JobStatus.SENT):
        raise JobsUndecided("A job is still with the owner for a decision.")
