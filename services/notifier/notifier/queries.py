"""The reads of a signed-in user; row-level security shows nobody else's rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, tuple_

from chassis.db import Transaction
from notifier.db.content import reader_of, with_reader_and_car
from notifier.db.models import delivery_attempt, notification, recipient, telegram_chat, telegram_link_token
from notifier.db.params import loaded
from notifier.domain.car_label import car_label
from notifier.domain.conventions import Conventions
from notifier.domain.linking import LinkToken, TokenState
from notifier.domain.templates import Template
from notifier.texts.messages import Message, Surroundings, render


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """A notification as its reader sees it, and how its message fares."""

    id: UUID
    template: Template
    message: Message
    subject_kind: str
    subject_id: UUID
    car_id: UUID | None
    occurred_at: datetime
    read_at: datetime | None
    delivery_state: str
    delivery_reason: str | None
    settled_at: datetime | None


async def inbox(
    tx: Transaction,
    user_id: UUID,
    *,
    unread_only: bool,
    after: tuple[datetime, UUID] | None,
    limit: int,
    fallback: Conventions,
) -> list[InboxEntry]:
    """Up to `limit` notifications, the latest first."""
    attempt = delivery_attempt
    wanted = (
        with_reader_and_car(attempt.c.state, attempt.c.reason, attempt.c.settled_at)
        .join(attempt, attempt.c.notification_id == notification.c.id)
        .where(notification.c.user_id == user_id)
        .order_by(notification.c.occurred_at.desc(), notification.c.id.desc())
        .limit(limit)
    )
    if unread_only:
        wanted = wanted.where(notification.c.read_at.is_(None))
    if after is not None:
        wanted = wanted.where(tuple_(notification.c.occurred_at, notification.c.id) < after)
    return [_entry(row, fallback) for row in await tx.execute(wanted)]


async def unread_count(tx: Transaction, user_id: UUID) -> int:
    """How many notifications wait to be read."""
    unread = select(func.count()).where(
        notification.c.user_id == user_id, notification.c.read_at.is_(None), notification.c.params.is_not(None)
    )
    count: int = (await tx.execute(unread)).scalar_one()
    return count


@dataclass(frozen=True, slots=True)
class TelegramLink:
    """Where the link between a user and a chat stands; `pending_until` while a token waits to be used."""

    version: int
    linked_at: datetime | None
    disabled_at: datetime | None
    disabled_reason: str | None
    pending_until: datetime | None


async def telegram_link(tx: Transaction, user_id: UUID, *, now: datetime) -> TelegramLink:
    """The user's link; there may never have been one."""
    found = await tx.execute(
        select(recipient.c.link_version, telegram_chat, telegram_link_token.c.expires_at, telegram_link_token.c.used_at)
        .outerjoin(telegram_chat, telegram_chat.c.user_id == recipient.c.user_id)
        .outerjoin(telegram_link_token, telegram_link_token.c.user_id == recipient.c.user_id)
        .where(recipient.c.user_id == user_id)
    )
    row = found.one_or_none()
    if row is None:
        return TelegramLink(1, None, None, None, None)
    return TelegramLink(row.link_version, row.linked_at, row.disabled_at, row.disabled_reason, _pending(row, now))


def _pending(row: Row[Any], now: datetime) -> datetime | None:
    if row.expires_at is None:
        return None
    token = LinkToken(row.user_id, row.expires_at, row.used_at)
    return token.expires_at if token.state(now) is TokenState.VALID else None


def _entry(row: Row[Any], fallback: Conventions) -> InboxEntry:
    template = Template(row.template)
    around = Surroundings(car_label(row.make, row.model, row.plate))
    return InboxEntry(
        id=row.id,
        template=template,
        message=render(template, loaded(template, row.params), reader_of(row, fallback), around),
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        car_id=row.car_id,
        occurred_at=row.occurred_at,
        read_at=row.read_at,
        delivery_state=row.state,
        delivery_reason=row.reason,
        settled_at=row.settled_at,
    )
