"""The order ends before completion."""

from __future__ import annotations

from datetime import datetime

from workorders.domain.facts import Cancelled, Recorded
from workorders.domain.people import Person
from workorders.domain.permissions import Action
from workorders.domain.status import EstimateState, Status
from workorders.domain.supersede import supersede
from workorders.domain.work_order import WorkOrder


def cancel(order: WorkOrder, person: Person, at: datetime, *, reason: str) -> list[Recorded]:
    """Ends it for good; the car's owner can do so until work has begun."""
    actor = order.permit(person, Action.CANCEL)
    facts: list[Recorded] = []
    if order.estimate is not None and order.estimate.state is EstimateState.OPEN:
        facts.append(supersede(order, order.estimate, "cancelled", by=actor, at=at))
    order.closed_at = at
    facts.append(order.record(Cancelled(), by=actor, at=at, to=Status.CANCELLED, reason=reason))
    return facts
