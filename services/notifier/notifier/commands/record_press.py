from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import derived_id
from notifier.db.decisions import add_decisions
from notifier.db.deliveries import confirm_seen
from notifier.domain.decisions import Decision, MadeBy, Outcome


async def record_press(
    tx: Transaction,
    notification_id: UUID,
    *,
    key: UUID,
    subject_id: UUID,
    version: int,
    outcome: Outcome,
    jobs: Mapping[UUID, str],
    now: datetime,
) -> None:
    """What the owner has just decided through the bot, known here before its event comes round."""
    answer = Decision(
        id=derived_id(notification_id, f"press:{key}"),
        subject_id=subject_id,
        version=version,
        outcome=outcome,
        made_by=MadeBy.OWNER,
        decided_at=now,
        jobs=jobs,
    )
    await add_decisions(tx, [answer])


async def confirm_arrival(tx: Transaction, notification_id: UUID, message_id: int, *, now: datetime) -> None:
    """Whoever presses a message's button has got it, whatever became of our call."""
    await confirm_seen(tx, notification_id, message_id, now=now)
