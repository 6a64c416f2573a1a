"""Rows of recipients, notifications and their first delivery attempts, by statements for whole batches."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from chassis.db import Transaction
from chassis.ids import derived_id
from chassis.traces import remote_parent
from notifier.db.params import dumped
from notifier.domain.delivery import Reason, State
from notifier.domain.notices import Notice
from notifier.domain.templates import priority

TELEGRAM: Final = "telegram"

_ADD_RECIPIENTS: Final = text(
    "INSERT INTO recipient (user_id) SELECT unnest(CAST(:users AS uuid[])) ON CONFLICT DO NOTHING"
)
# Against whoever erases a user or changes his chat: they lock the row first, and then see what is inserted here.
_HOLD_RECIPIENTS: Final = text(
    """
    SELECT user_id, erased_at IS NOT NULL AS erased FROM recipient
    WHERE user_id = ANY(:users) ORDER BY user_id FOR KEY SHARE
    """
)
_REACHABLE: Final = text(
    "SELECT user_id, disabled_at IS NULL AS enabled FROM telegram_chat WHERE user_id = ANY(CAST(:users AS uuid[]))"
)
_ADD_NOTIFICATIONS: Final = text(
    """
    INSERT INTO notification (id, user_id, event_id, template, params, subject_kind, subject_id, version, car_id,
                              traceparent, occurred_at, created_at)
    SELECT id, user_id, event_id, template, params::jsonb, subject_kind, subject_id, version, car_id, traceparent,
           occurred_at, CAST(:now AS timestamptz)
    FROM unnest(CAST(:ids AS uuid[]), CAST(:users AS uuid[]), CAST(:events AS uuid[]), CAST(:templates AS text[]),
                CAST(:params AS text[]), CAST(:subject_kinds AS text[]), CAST(:subject_ids AS uuid[]),
                CAST(:versions AS bigint[]), CAST(:cars AS uuid[]), CAST(:traceparents AS text[]),
                CAST(:occurred AS timestamptz[]))
         AS new (id, user_id, event_id, template, params, subject_kind, subject_id, version, car_id, traceparent,
                 occurred_at)
    ON CONFLICT DO NOTHING RETURNING id
    """
)
_ADD_ATTEMPTS: Final = text(
    """
    INSERT INTO delivery_attempt (id, notification_id, user_id, channel, state, reason, priority, trace_id, queued_at,
                                  due_at, settled_at)
    SELECT id, notification_id, user_id, :channel, state, reason, priority, trace_id, CAST(:now AS timestamptz),
           CAST(:now AS timestamptz), CASE WHEN state = 'suppressed' THEN CAST(:now AS timestamptz) END
    FROM unnest(CAST(:ids AS uuid[]), CAST(:notifications AS uuid[]), CAST(:users AS uuid[]), CAST(:states AS text[]),
                CAST(:reasons AS text[]), CAST(:priorities AS smallint[]), CAST(:traces AS text[]))
         AS new (id, notification_id, user_id, state, reason, priority, trace_id)
    """
)


def notification_id(notice: Notice) -> UUID:
    """The same at every replay of the event."""
    return derived_id(notice.event_id, f"{notice.template}:{notice.user_id}")


async def hold_recipients(tx: Transaction, users: Collection[UUID]) -> set[UUID]:
    """Makes sure of their rows and keeps them until the commit as they are; returns who was erased."""
    listed = {"users": sorted(users)}
    await tx.execute(_ADD_RECIPIENTS, listed)
    held = await tx.execute(_HOLD_RECIPIENTS, listed)
    return {row.user_id for row in held if row.erased}


async def add_notifications(
    tx: Transaction, notices: Sequence[Notice], *, erased: Collection[UUID], now: datetime
) -> set[UUID]:
    """Adds those that are new and returns their ids; of an erased user only the bare fact is kept."""
    added = await tx.execute(
        _ADD_NOTIFICATIONS,
        {
            "ids": [notification_id(notice) for notice in notices],
            "users": [notice.user_id for notice in notices],
            "events": [notice.event_id for notice in notices],
            "templates": [notice.template.value for notice in notices],
            "params": [None if notice.user_id in erased else dumped(notice.params) for notice in notices],
            "subject_kinds": [notice.subject_kind for notice in notices],
            "subject_ids": [notice.subject_id for notice in notices],
            "versions": [notice.version for notice in notices],
            "cars": [notice.car_id for notice in notices],
            "traceparents": [notice.traceparent for notice in notices],
            "occurred": [notice.occurred_at for notice in notices],
            "now": now,
        },
    )
    return set(added.scalars())


async def add_attempts(tx: Transaction, notices: Sequence[Notice], *, erased: Collection[UUID], now: datetime) -> None:
    """Queues one message for each notification, or says at once why there will be none."""
    chats = await tx.execute(_REACHABLE, {"users": sorted({notice.user_id for notice in notices})})
    reachable: dict[UUID, bool] = {row.user_id: row.enabled for row in chats}
    reasons = [_obstacle(notice.user_id, erased, reachable) for notice in notices]
    ids = [notification_id(notice) for notice in notices]
    await tx.execute(
        _ADD_ATTEMPTS,
        {
            "ids": [derived_id(each, TELEGRAM) for each in ids],
            "notifications": ids,
            "users": [notice.user_id for notice in notices],
            "states": [State.SUPPRESSED if reason else State.QUEUED for reason in reasons],
            "reasons": reasons,
            "priorities": [priority(notice.template).value for notice in notices],
            "traces": [trace_id(notice.traceparent) for notice in notices],
            "channel": TELEGRAM,
            "now": now,
        },
    )


def trace_id(traceparent: str | None) -> str | None:
    """The trace that a header names."""
    parent = remote_parent(traceparent)
    return None if parent is None else f"{parent.get_span_context().trace_id:032x}"


def _obstacle(user_id: UUID, erased: Collection[UUID], reachable: dict[UUID, bool]) -> Reason | None:
    if user_id in erased:
        return Reason.ERASED
    match reachable.get(user_id):
        case None:
            return Reason.NO_CHAT
        case False:
            return Reason.CHAT_DISABLED
        case _:
            return None
