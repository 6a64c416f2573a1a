"""Work stops for a while, and goes on."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from workorders.domain.errors import NotPermitted
from workorders.domain.facts import Moved, Recorded
from workorders.domain.people import Person
from workorders.domain.permissions import Action
from workorders.domain.status import Status
from workorders.domain.work_order import WorkOrder

type Pause = Literal[Status.WAITING_PARTS, Status.ON_HOLD]


def pause(order: WorkOrder, person: Person, at: datetime, *, to: Pause, reason: str) -> list[Recorded]:
    """In progress becomes waiting for parts, or on hold."""
    actor = order.permit(person, Action.PAUSE)
    return [order.record(Moved(), by=actor, at=at, to=to, reason=reason)]


def resume(order: WorkOrder, person: Person, at: datetime, *, reason: str | None) -> list[Recorded]:
    """Back to work after a pause, or because the quality check found something."""
    actor = order.permit(person, Action.RESUME)
    require_second_pair_of_eyes(order, person)
    order.submitted_for_check_by = None
    return [order.record(Moved(), by=actor, at=at, to=Status.IN_PROGRESS, reason=reason)]


def require_second_pair_of_eyes(order: WorkOrder, person: Person) -> None:
    """Raises NotPermitted when somebody would check what he himself handed in."""
    if order.submitted_for_check_by == person.user_id:
        raise NotPermitted("Somebody else must check the work that you handed in.")
