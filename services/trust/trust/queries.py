"""The read side: what is due, the score, the timeline, and the audit rows that concern somebody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, select, tuple_

from chassis.db import Transaction
from chassis.http import PageQuery
from chassis.problems import NotFound
from trust.db.models import audit_row, engagement_event, recommendation, vehicle_score
from trust.db.read_models import is_owner, reads_history


async def may_see_car(tx: Transaction, car_id: UUID, user_id: UUID, now: datetime) -> bool:
    """True for the car's owner, False for staff who may read its history; raises NotFound for everybody else."""
    if await is_owner(tx, car_id, user_id):
        return True
    if await reads_history(tx, car_id, user_id, now):
        return False
    raise NotFound


async def recommendations_page(
    tx: Transaction, car_id: UUID, statuses: Sequence[str], page: PageQuery
) -> Sequence[Row[Any]]:
    """A car's recommendations, newest first; every status when none is named."""
    found = select(recommendation).where(recommendation.c.car_id == car_id)
    if statuses:
        found = found.where(recommendation.c.status.in_(statuses))
    return (await tx.execute(_newest(found, recommendation.c.opened_at, recommendation.c.id, page))).all()


async def score_of(tx: Transaction, car_id: UUID) -> Row[Any] | None:
    """The car's score; None before its first fact."""
    return (await tx.execute(select(vehicle_score).where(vehicle_score.c.car_id == car_id))).one_or_none()


async def timeline_page(
    tx: Transaction, car_id: UUID, kinds: Sequence[str], page: PageQuery, *, private: bool
) -> Sequence[Row[Any]]:
    """A car's timeline, newest first; `private` rows are its owner's."""
    found = select(engagement_event).where(engagement_event.c.car_id == car_id)
    if not private:
        found = found.where(engagement_event.c.private.is_(False))
    if kinds:
        found = found.where(engagement_event.c.kind.in_(kinds))
    return (await tx.execute(_newest(found, engagement_event.c.occurred_at, engagement_event.c.id, page))).all()


async def audit_page(
    tx: Transaction, user_id: UUID, page: PageQuery, *, subject: str | None, action: str | None, actor_id: UUID | None
) -> Sequence[Row[Any]]:
    """The audit rows that concern the user, newest first."""
    found = select(audit_row).where(audit_row.c.concerns.contains([user_id]))
    for column, wanted in (
        (audit_row.c.subject, subject),
        (audit_row.c.action, action),
        (audit_row.c.actor_id, actor_id),
    ):
        if wanted is not None:
            found = found.where(column == wanted)
    return (await tx.execute(_newest(found, audit_row.c.occurred_at, audit_row.c.event_id, page))).all()


def _newest(
    found: Select[Any], at: ColumnElement[datetime], row_id: ColumnElement[UUID], page: PageQuery
) -> Select[Any]:
    if page.after is not None:
        found = found.where(tuple_(at, row_id) < tuple_(*page.after))
    return found.order_by(at.desc(), row_id.desc()).limit(page.limit + 1)
