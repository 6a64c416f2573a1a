"""The read side: what is due, the score, the timeline, and the audit rows that concern somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, select, tuple_

from chassis.db import Database, Transaction
from chassis.http import PageQuery, Position
from chassis.problems import NotFound
from trust.db.models import audit_row, recommendation, vehicle_score
from trust.db.read_models import role_in_car


async def may_see_car(tx: Transaction, car_id: UUID, user_id: UUID, now: datetime) -> None:
    """Raises NotFound for whoever is nothing to the car as it is now, a former owner included."""
    if await role_in_car(tx, car_id, user_id, now) is None:
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


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """A page of a timeline: its entries as ready JSON, and where the next page begins, if there is one."""

    entries: str
    next_position: Position | None


# One round trip, and no object per entry: the database writes the JSON. A page without a cursor begins after the end
# of time, because a condition that may not apply could not use the index. `parted` are the times between getting the
# car and giving it away: a former owner reads them, and nothing else. `insider`: whose private entries are shown.
_TIMELINE: Final = """
WITH parted AS (
    SELECT sold.transferred_at AS until, coalesce((
        SELECT max(bought.transferred_at) FROM car_transfer bought
        WHERE bought.car_id = $1 AND bought.to_owner_id = $2 AND bought.transferred_at < sold.transferred_at
    ), '-infinity') AS since
    FROM car_transfer sold WHERE sold.car_id = $1 AND sold.from_owner_id = $2
), insider AS (
    SELECT owner_id FROM car WHERE car_id = $1 AND (owner_id = $2 OR EXISTS (
        SELECT FROM car_access granted
        WHERE granted.car_id = $1 AND granted.owner_id = car.owner_id AND granted.user_id = $2 AND NOT granted.ended
          AND (granted.expires_at IS NULL OR granted.expires_at > $3)
    ))
), viewer AS (
    SELECT EXISTS (SELECT FROM insider) OR EXISTS (
        SELECT FROM car_link JOIN employee USING (center_id)
        WHERE car_link.car_id = $1 AND reads_history AND (expires_at IS NULL OR expires_at > $3)
          AND employee.user_id = $2 AND employee.active
    ) AS sees_all, (SELECT max(until) FROM parted) AS sees_until
), page AS (
    SELECT id, occurred_at, kind, center_id, work_order_id, details,
           row_number() OVER (ORDER BY occurred_at DESC, id DESC) AS place
    FROM engagement_event
    WHERE car_id = $1 AND (occurred_at, id) < ($5, $6) AND ($4::text[] IS NULL OR kind = ANY ($4))
      AND occurred_at <= (SELECT CASE WHEN sees_all THEN 'infinity' ELSE sees_until END FROM viewer)
      AND ((SELECT sees_all FROM viewer) OR EXISTS (SELECT FROM parted WHERE occurred_at BETWEEN since AND until))
      AND (NOT private OR owner_id = (SELECT owner_id FROM insider)
           OR (owner_id = $2 AND EXISTS (SELECT FROM parted WHERE occurred_at BETWEEN since AND until)))
    ORDER BY occurred_at DESC, id DESC
    LIMIT $7 + 1
), last AS (
    SELECT occurred_at, id FROM page WHERE place = $7 AND (SELECT count(*) FROM page) > $7
)
SELECT sees_all OR sees_until IS NOT NULL AS sees, last.occurred_at, last.id, (
    SELECT coalesce(json_agg(json_build_object(
        'id', id, 'occurred_at', to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'kind', kind,
        'center_id', center_id, 'work_order_id', work_order_id, 'details', details
    ) ORDER BY place), '[]')::text FROM page WHERE place <= $7
) AS entries
FROM viewer LEFT JOIN last ON true
"""
_NEWEST: Final[Position] = (datetime(9999, 12, 31, tzinfo=UTC), UUID(int=(1 << 128) - 1))


async def timeline_page(
    database: Database, car_id: UUID, user_id: UUID, page: PageQuery, *, kinds: Sequence[str], now: datetime
) -> TimelinePage:
    """A car's timeline, newest first; private entries are for their owner, and for whom he shares the car with.

    A former owner reads the own time with the car. Raises NotFound for everybody else.
    """
    after = page.after or _NEWEST
    row = await database.row(_TIMELINE, car_id, user_id, now, list(kinds) or None, *after, page.limit)
    if row is None or not row["sees"]:
        raise NotFound
    position = None if row["id"] is None else (row["occurred_at"], row["id"])
    return TimelinePage(row["entries"], position)


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
