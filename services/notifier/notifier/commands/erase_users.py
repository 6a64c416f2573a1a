from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from chassis.db import Transaction
from chassis.idempotency import forget_answers_to
from notifier.db.deliveries import suppress
from notifier.db.notifications import hold_recipients
from notifier.domain.delivery import Reason

_LOCK: Final = text("SELECT FROM recipient WHERE user_id = ANY(:users) ORDER BY user_id FOR UPDATE")
_FORGET: Final = (
    text(
        """
        DELETE FROM telegram_update
        WHERE sender_id IN (SELECT chat_id FROM telegram_chat WHERE user_id = ANY(:users))
        """
    ),
    text("DELETE FROM telegram_chat WHERE user_id = ANY(:users)"),
    text("DELETE FROM telegram_link_token WHERE user_id = ANY(:users)"),
    text("UPDATE notification SET params = NULL WHERE user_id = ANY(:users) AND params IS NOT NULL"),
    text("UPDATE delivery_attempt SET message_id = NULL WHERE user_id = ANY(:users) AND message_id IS NOT NULL"),
)
_MARK: Final = text(
    """
    UPDATE recipient
    SET locale = NULL, time_zone = NULL, distance_unit = NULL,
        sequence = greatest(recipient.sequence, gone.sequence), erased_at = coalesce(erased_at, :now)
    FROM unnest(CAST(:users AS uuid[]), CAST(:sequences AS bigint[])) AS gone (user_id, sequence)
    WHERE recipient.user_id = gone.user_id
      AND (recipient.erased_at IS NULL OR recipient.sequence < gone.sequence)
    """
)


async def erase_users(tx: Transaction, users: Mapping[UUID, int], *, now: datetime) -> None:
    """Forgets chats, settings and what notifications say; that they were, stays. `users`: the sequences of the events.

    What arrives later for them is kept as a bare fact as well: see `notify`.
    """
    listed = {"users": sorted(users)}
    await hold_recipients(tx, users)
    await tx.execute(_LOCK, listed)
    await suppress(tx, sorted(users), Reason.ERASED, now=now)
    for statement in _FORGET:
        await tx.execute(statement, listed)
    for user_id in users:
        await forget_answers_to(tx, user_id)
    await tx.execute(_MARK, {**listed, "sequences": [users[user] for user in sorted(users)], "now": now})
