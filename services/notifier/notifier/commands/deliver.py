"""The three transactions around a message: take it up, store what became of it, give up on what a lost worker had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from chassis.db import Transaction
from chassis.timers import Timers
from notifier.commands.remind import REMINDER_TIMER, remind_at
from notifier.db import chats, deliveries
from notifier.db.deliveries import Claimed
from notifier.domain.delivery import Outcome, Reason, Settlement, State, settle
from notifier.domain.pace import CHAT_INTERVAL


@dataclass(frozen=True, slots=True)
class DeliveryLimits:
    """`batch`: messages taken up at once; `lease`: how long a message may be in the air before it counts as lost."""

    batch: int
    lease: timedelta


async def claim(tx: Transaction, limits: DeliveryLimits, *, now: datetime) -> list[Claimed]:
    """Marks the next messages as being sent, within the pace that all workers share. Commit before sending any."""
    if not await deliveries.any_queued(tx, now):
        return []
    pace = await deliveries.lock_pace(tx)
    free = min(limits.batch, pace.free_slots(now))
    rows = await deliveries.next_attempts(tx, now, free) if free else []
    if not rows:
        return []
    slots, pace_after = pace.reserve(len(rows), now)
    await deliveries.take(tx, [row.id for row in rows], leased_until=slots[-1] + limits.lease)
    await deliveries.space_chats(tx, {row.user_id: slot + CHAT_INTERVAL for row, slot in zip(rows, slots, strict=True)})
    await deliveries.save_slots(tx, pace_after)
    return [
        Claimed(
            id=row.id,
            notification_id=row.notification_id,
            user_id=row.user_id,
            chat_id=row.chat_id,
            tries=row.tries + 1,
            queued_at=row.queued_at,
            send_at=slot,
        )
        for row, slot in zip(rows, slots, strict=True)
    ]


async def record_outcome(
    tx: Transaction,
    claimed: Claimed,
    outcome: Outcome,
    *,
    timers: Timers,
    trace_id: str | None,
    now: datetime,
) -> Settlement:
    """Stores what the channel said, and what follows from it for the bot and the chat."""
    settlement = settle(outcome, tries=claimed.tries, queued_at=claimed.queued_at, now=now)
    if settlement.disables_chat:
        await chats.disable(tx, claimed.user_id, claimed.chat_id, Reason.BLOCKED, now=now)
    if settlement.freeze_until is not None:
        await deliveries.freeze(tx, settlement.freeze_until)
    stored = await deliveries.save_settlement(tx, claimed, settlement, trace_id=trace_id, now=now)
    if stored and settlement.state is State.QUEUED:
        await _requeue_unless_unreachable(tx, claimed.user_id, now=now)
    if stored and settlement.state is State.UNCERTAIN:
        await _ask_again_later(tx, [claimed.notification_id], timers, now=now)
    return settlement


async def abandon_lost(tx: Transaction, *, timers: Timers, now: datetime) -> int:
    """Messages whose worker was lost while it sent them become uncertain; how many there were."""
    lost = await deliveries.abandon_overdue(tx, now)
    await _ask_again_later(tx, lost, timers, now=now)
    return len(lost)


async def _requeue_unless_unreachable(tx: Transaction, user_id: UUID, *, now: datetime) -> None:
    """The chat may have gone while the message was on its way, too late for whoever emptied the queue then."""
    obstacle = await chats.obstacle(tx, user_id)
    if obstacle is not None:
        await deliveries.suppress(tx, [user_id], obstacle, now=now)


async def _ask_again_later(tx: Transaction, notifications: list[UUID], timers: Timers, *, now: datetime) -> None:
    await timers.schedule_all(tx, REMINDER_TIMER, {each: remind_at(now) for each in notifications})
