"""An estimate's time runs out."""

from __future__ import annotations

from datetime import datetime

from workorders.domain.facts import Recorded
from workorders.domain.people import SYSTEM
from workorders.domain.status import FINAL, EstimateState, Status
from workorders.domain.supersede import supersede
from workorders.domain.work_order import WorkOrder

REASON = "The estimate was valid for 14 days."


def expire(order: WorkOrder, version: int, at: datetime) -> list[Recorded]:
    """Ends the version when it is still the current one and its time is over; nothing happens otherwise.

    An undecided or declined order becomes a draft; one that is agreed or under way loses only the unanswered jobs.
    """
    estimate = order.estimate
    if estimate is None or estimate.version != version or at < estimate.valid_until or order.status in FINAL:
        return []
    undecided = order.status in {Status.AWAITING_APPROVAL, Status.DECLINED}
    if not undecided and estimate.state is not EstimateState.OPEN:
        return []
    to = Status.DRAFT if undecided else None
    return [supersede(order, estimate, "expired", by=SYSTEM, at=at, to=to, reason=REASON)]
