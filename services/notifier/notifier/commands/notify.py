from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chassis.db import Transaction
from notifier.db.notifications import add_attempts, add_notifications, hold_recipients, notification_id
from notifier.domain.notices import Notice


async def notify(tx: Transaction, notices: Sequence[Notice], *, now: datetime) -> None:
    """Keeps a notification for each notice, and queues its message; one that is there already is left alone."""
    if not notices:
        return
    erased = await hold_recipients(tx, {notice.user_id for notice in notices})
    added = await add_notifications(tx, notices, erased=erased, now=now)
    new = [notice for notice in notices if notification_id(notice) in added]
    if new:
        await add_attempts(tx, new, erased=erased, now=now)
