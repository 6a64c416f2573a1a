"""A question whose message may never have arrived is asked once more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from chassis.db import Transaction
from notifier.commands.notify import notify
from notifier.db.decisions import standing
from notifier.db.models import notification
from notifier.db.params import loaded
from notifier.domain.notices import Notice
from notifier.domain.templates import REMINDERS, Template

REMINDER_TIMER: Final = "decision-reminder"
_DELAY: Final = timedelta(hours=4)


def remind_at(now: datetime) -> datetime:
    """When to ask again what may not have arrived now."""
    return now + _DELAY


async def remind(tx: Transaction, notification_id: UUID, *, now: datetime) -> None:
    """Asks again, unless it was answered, was no question, or is a reminder itself."""
    row = (await tx.execute(select(notification).where(notification.c.id == notification_id))).one_or_none()
    if row is None or row.params is None:
        return
    reminder = REMINDERS.get(Template(row.template))
    if reminder is None or not (await standing(tx, row.subject_id, row.version)).untouched:
        return
    notice = Notice(
        event_id=row.event_id,
        user_id=row.user_id,
        template=reminder,
        params=loaded(reminder, row.params),
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        occurred_at=now,
        version=row.version,
        car_id=row.car_id,
        traceparent=row.traceparent,
    )
    await notify(tx, [notice], now=now)
