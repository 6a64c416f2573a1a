"""News for the owners of a center: two topics make it, in whichever order they arrive.

The news and the employments are kept as they come. Each side, when it has stored its own, makes the notifications
that the other side was waiting for. Both lock the center first, or each would miss what the other has not committed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from chassis.db import Transaction
from notifier.commands.notify import notify
from notifier.db.models import employment
from notifier.db.params import dumped, loaded
from notifier.domain.employments import Employment
from notifier.domain.notices import Announcement
from notifier.domain.templates import Template

_LOCK: Final = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(id, 0)) FROM unnest(CAST(:centers AS text[])) AS id ORDER BY id"
)
_ADD_NEWS: Final = text(
    """
    INSERT INTO announcement (event_id, center_id, template, params, traceparent, occurred_at)
    VALUES (:event_id, :center_id, :template, CAST(:params AS jsonb), :traceparent, :occurred_at)
    ON CONFLICT DO NOTHING
    """
)
# Who owned the center when it happened: the state of each employment at that moment. Later owners are not told.
_WAITING: Final = text(
    """
    SELECT news.*, held.user_id
    FROM announcement news
    CROSS JOIN LATERAL (
        SELECT DISTINCT ON (employee_id) user_id, role, active FROM employment
        WHERE center_id = news.center_id AND occurred_at <= news.occurred_at
        ORDER BY employee_id, sequence DESC
    ) held
    WHERE news.center_id = ANY(:centers) AND held.active AND held.role = 'owner'
      AND NOT EXISTS (
          SELECT FROM notification told
          WHERE told.event_id = news.event_id AND told.user_id = held.user_id AND told.template = news.template
      )
    """
)


async def announce(tx: Transaction, news: Sequence[Announcement], *, now: datetime) -> None:
    """Tells everybody who is known to have owned the center."""
    centers = {each.center_id for each in news}
    await _lock(tx, centers)
    await tx.execute(
        _ADD_NEWS,
        [
            {
                "event_id": each.event_id,
                "center_id": each.center_id,
                "template": each.template.value,
                "params": dumped(each.params),
                "traceparent": each.traceparent,
                "occurred_at": each.occurred_at,
            }
            for each in news
        ],
    )
    await _tell(tx, centers, now=now)


async def keep_employments(tx: Transaction, states: Sequence[Employment], *, now: datetime) -> None:
    """Remembers the states, and tells an owner what was announced before he was known here."""
    centers = {each.center_id for each in states}
    await _lock(tx, centers)
    rows = [
        {
            "employee_id": each.employee_id,
            "sequence": each.sequence,
            "center_id": each.center_id,
            "user_id": each.user_id,
            "role": each.role,
            "active": each.active,
            "occurred_at": each.occurred_at,
        }
        for each in states
    ]
    await tx.execute(insert(employment).on_conflict_do_nothing(), rows)
    await _tell(tx, centers, now=now)


async def _lock(tx: Transaction, centers: Collection[UUID]) -> None:
    await tx.execute(_LOCK, {"centers": sorted(f"center:{center}" for center in centers)})


async def _tell(tx: Transaction, centers: Collection[UUID], *, now: datetime) -> None:
    waiting = await tx.execute(_WAITING, {"centers": list(centers)})
    notices = []
    for row in waiting:
        template = Template(row.template)
        news = Announcement(
            event_id=row.event_id,
            center_id=row.center_id,
            template=template,
            params=loaded(template, row.params),
            occurred_at=row.occurred_at,
            traceparent=row.traceparent,
        )
        notices.append(news.to(row.user_id))
    await notify(tx, notices, now=now)
