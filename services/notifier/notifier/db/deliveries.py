"""Rows of delivery attempts: claimed by any number of workers, settled by the one that claimed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, bindparam, select, text, update

from chassis.db import Transaction
from notifier.db.models import delivery_attempt as attempt
from notifier.db.models import telegram_pace
from notifier.domain.delivery import Reason, Settlement, State, sources
from notifier.domain.pace import Pace

_QUEUED: Final = text(
    """
    SELECT EXISTS (SELECT FROM delivery_attempt WHERE state = 'queued' AND due_at <= CAST(:now AS timestamptz))
    """
)
# At most one message a chat: its most urgent one. Who finds the chat or the attempt locked leaves both to the other
# worker; who waited for nothing sees them as they are, so that a chat's second is never given away twice.
_NEXT: Final = text(
    """
    SELECT queued.id, queued.notification_id, queued.user_id, queued.tries, queued.queued_at, chat.chat_id
    FROM delivery_attempt queued JOIN telegram_chat chat ON chat.user_id = queued.user_id
    WHERE queued.state = 'queued' AND queued.due_at <= :now
      AND chat.disabled_at IS NULL AND chat.next_send_at <= :now
      AND NOT EXISTS (
          SELECT FROM delivery_attempt rival
          WHERE rival.user_id = queued.user_id AND rival.state = 'queued' AND rival.due_at <= :now
            AND (rival.priority, rival.due_at, rival.id) < (queued.priority, queued.due_at, queued.id)
      )
    ORDER BY queued.priority, queued.due_at, queued.id
    LIMIT :limit FOR NO KEY UPDATE OF queued, chat SKIP LOCKED
    """
)
_TAKE: Final = text(
    """
    UPDATE delivery_attempt SET state = 'sending', reason = NULL, tries = tries + 1, leased_until = :leased_until
    WHERE id = ANY(:ids)
    """
)
_SPACE_CHATS: Final = text(
    """
    UPDATE telegram_chat SET next_send_at = new.next_send_at
    FROM unnest(CAST(:users AS uuid[]), CAST(:instants AS timestamptz[])) AS new (user_id, next_send_at)
    WHERE telegram_chat.user_id = new.user_id
    """
)
_FREEZE: Final = text(
    "UPDATE telegram_pace SET frozen_until = greatest(frozen_until, CAST(:until AS timestamptz)) WHERE id = 1"
)
_ABANDON: Final = text(
    """
    UPDATE delivery_attempt SET state = 'uncertain', reason = 'interrupted', leased_until = NULL, settled_at = :now
    WHERE id IN (SELECT id FROM delivery_attempt WHERE state = 'sending' AND leased_until <= :now
                 ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)
    RETURNING notification_id
    """
)
_SUPPRESS: Final = text(
    """
    UPDATE delivery_attempt SET state = 'suppressed', reason = :reason, settled_at = :now
    WHERE user_id = ANY(:users) AND state = 'queued'
    """
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """An attempt that is this worker's to make, at `send_at` and not before."""

    id: UUID
    notification_id: UUID
    user_id: UUID
    chat_id: int
    tries: int
    queued_at: datetime
    send_at: datetime


async def any_queued(tx: Transaction, now: datetime) -> bool:
    """Whether there may be something to send; locks nothing."""
    return bool((await tx.execute(_QUEUED, {"now": now})).scalar_one())


async def lock_pace(tx: Transaction) -> Pace:
    """The bot's pace, which nobody else changes until the commit."""
    row = (await tx.execute(select(telegram_pace).with_for_update())).one()
    return Pace(row.next_slot_at, row.frozen_until)


async def save_slots(tx: Transaction, pace: Pace) -> None:
    """The next free slot."""
    await tx.execute(update(telegram_pace).values(next_slot_at=pace.next_slot_at))


async def freeze(tx: Transaction, until: datetime) -> None:
    """Nobody sends before that instant."""
    await tx.execute(_FREEZE, {"until": until})


async def next_attempts(tx: Transaction, now: datetime, limit: int) -> Sequence[Row[Any]]:
    """The most urgent attempts, locked with their chats: at most one for each chat."""
    return (await tx.execute(_NEXT, {"now": now, "limit": limit})).all()


async def take(tx: Transaction, ids: Sequence[UUID], *, leased_until: datetime) -> None:
    """Marks the attempts as being made."""
    await tx.execute(_TAKE, {"ids": ids, "leased_until": leased_until})


async def space_chats(tx: Transaction, next_send_at: Mapping[UUID, datetime]) -> None:
    """When each user's chat may get its next message."""
    await tx.execute(_SPACE_CHATS, {"users": list(next_send_at), "instants": list(next_send_at.values())})


async def save_settlement(
    tx: Transaction, claimed: Claimed, settlement: Settlement, *, trace_id: str | None, now: datetime
) -> bool:
    """Stores the outcome of the claimed try; false when the attempt has moved on without it."""
    mine = (attempt.c.id == claimed.id) & (attempt.c.tries == claimed.tries)
    values: dict[str, Any] = {
        "state": settlement.state.value,
        "reason": settlement.reason,
        "message_id": settlement.message_id,
        "leased_until": None,
        "trace_id": trace_id,
    }
    if settlement.state is State.QUEUED:
        values["due_at"] = settlement.due_at
    else:
        values["settled_at"] = now
    found = await tx.execute(
        update(attempt).where(mine, attempt.c.state.in_(sources(settlement.state))).values(**values)
    )
    return found.rowcount == 1


async def abandon_overdue(tx: Transaction, now: datetime) -> list[UUID]:
    """Makes what a lost worker was sending uncertain; the notifications of those attempts."""
    return list((await tx.execute(_ABANDON, {"now": now})).scalars())


async def suppress(tx: Transaction, users: Sequence[UUID], reason: Reason, *, now: datetime) -> None:
    """Takes these users' waiting messages off the queue for good."""
    await tx.execute(_SUPPRESS, {"users": users, "reason": reason.value, "now": now})


async def confirm_seen(tx: Transaction, notification_id: UUID, message_id: int, *, now: datetime) -> None:
    """The reader has acted on the message: what was uncertain has arrived."""
    await tx.execute(
        update(attempt)
        .where(
            attempt.c.notification_id == bindparam("notification"),
            attempt.c.state == State.UNCERTAIN.value,
        )
        .values(state=State.SENT.value, reason=None, message_id=message_id, settled_at=now),
        {"notification": notification_id},
    )
