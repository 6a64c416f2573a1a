"""The tables of this service. Their row-level security is in the migration, where its reasons stand too."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata: Final = MetaData()


def _instant(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


recipient: Final = Table(
    "recipient",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("locale", Text),
    Column("time_zone", Text),
    Column("distance_unit", Text),
    Column("sequence", BigInteger, nullable=False),
    Column("link_version", BigInteger, nullable=False),
    _instant("erased_at", nullable=True),
)

car: Final = Table(
    "car",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("owner_id", Uuid, nullable=False),
    Column("make", Text),
    Column("model", Text),
    Column("plate", Text),
    Column("sequence", BigInteger, nullable=False),
)

employment: Final = Table(
    "employment",
    metadata,
    Column("employee_id", Uuid, primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("center_id", Uuid, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("role", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    _instant("occurred_at"),
)

announcement: Final = Table(
    "announcement",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("center_id", Uuid, nullable=False),
    Column("template", Text, nullable=False),
    Column("params", JSONB, nullable=False),
    Column("traceparent", Text),
    _instant("occurred_at"),
)

decision: Final = Table(
    "decision",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("subject_id", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("jobs", JSONB, nullable=False),
    _instant("decided_at"),
)

notification: Final = Table(
    "notification",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey("recipient.user_id"), nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("template", Text, nullable=False),
    Column("params", JSONB(none_as_null=True)),
    Column("subject_kind", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("version", BigInteger),
    Column("car_id", Uuid),
    Column("traceparent", Text),
    _instant("occurred_at"),
    _instant("created_at"),
    _instant("read_at", nullable=True),
    UniqueConstraint("event_id", "user_id", "template", name="notification_once"),
)

delivery_attempt: Final = Table(
    "delivery_attempt",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("notification_id", Uuid, ForeignKey("notification.id"), nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("priority", SmallInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("message_id", BigInteger),
    Column("trace_id", Text),
    _instant("queued_at"),
    _instant("due_at"),
    _instant("leased_until", nullable=True),
    _instant("settled_at", nullable=True),
    UniqueConstraint("notification_id", "channel", name="delivery_attempt_once"),
)

telegram_chat: Final = Table(
    "telegram_chat",
    metadata,
    Column("user_id", Uuid, ForeignKey("recipient.user_id"), primary_key=True),
    Column("chat_id", BigInteger, nullable=False, unique=True),
    _instant("linked_at"),
    _instant("disabled_at", nullable=True),
    Column("disabled_reason", Text),
    _instant("next_send_at"),
)

telegram_link_token: Final = Table(
    "telegram_link_token",
    metadata,
    Column("user_id", Uuid, ForeignKey("recipient.user_id"), primary_key=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    _instant("expires_at"),
    _instant("used_at", nullable=True),
)

telegram_pace: Final = Table(
    "telegram_pace",
    metadata,
    Column("id", SmallInteger, primary_key=True),
    _instant("next_slot_at"),
    _instant("frozen_until", nullable=True),
)

telegram_update: Final = Table(
    "telegram_update",
    metadata,
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("sender_id", BigInteger),
    Column("payload", JSONB(none_as_null=True)),
    Column("tries", Integer, nullable=False),
    _instant("received_at"),
    _instant("leased_until", nullable=True),
    _instant("done_at", nullable=True),
)
