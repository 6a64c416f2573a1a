from __future__ import annotations

from datetime import datetime

from chassis.db import Transaction
from workorders.commands.change import Change, Request
from workorders.domain import decide
from workorders.domain.decision import Evidence
from workorders.domain.work_order import WorkOrder


async def record_consent(
    tx: Transaction, request: Request, *, version: int, choices: decide.Choices, evidence: Evidence, now: datetime
) -> WorkOrder:
    """Staff note what the owner decided outside CarPass, and how they know."""
    change = await Change.of(tx, request)
    facts = decide.record_consent(change.order, change.person, now, version=version, choices=choices, evidence=evidence)
    return await change.save(facts)
