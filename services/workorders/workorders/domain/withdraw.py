"""Staff take an estimate back."""

from __future__ import annotations

from datetime import datetime

from workorders.domain.errors import WrongState
from workorders.domain.facts import Recorded
from workorders.domain.people import Person
from workorders.domain.permissions import Action
from workorders.domain.status import EstimateState, Status
from workorders.domain.supersede import supersede
from workorders.domain.work_order import WorkOrder


def withdraw(order: WorkOrder, person: Person, at: datetime, *, reason: str | None) -> list[Recorded]:
    """Before any job is agreed the order is a draft again; later it goes on with what is authorised.

    Raises WrongState when work is agreed and nothing is with the owner.
    """
    actor = order.permit(person, Action.WITHDRAW)
    estimate = order.estimate
    undecided = order.status in {Status.AWAITING_APPROVAL, Status.DECLINED}
    if estimate is None or not (undecided or estimate.state is EstimateState.OPEN):
        raise WrongState("No estimate is with the owner.")
    to = Status.DRAFT if undecided else None
    return [supersede(order, estimate, "withdrawn", by=actor, at=at, to=to, reason=reason)]
