"""The tables that every service's database has: what the delivery rules, timers and idempotency are kept in."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Column,
    DateTime,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

chassis_metadata: Final = MetaData()


def _recorded_at(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


outbox: Final = Table(
    "outbox",
    chassis_metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("topic", Text, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("headers", JSON, nullable=False, comment="ready Kafka headers: name to value"),
    Column("payload", LargeBinary, comment="ready Kafka value; null is a tombstone"),
    _recorded_at("created_at"),
    comment="Events not yet acknowledged by Kafka. The relay deletes exactly what the broker has acknowledged.",
)

inbox: Final = Table(
    "inbox",
    chassis_metadata,
    Column("consumer", Text, nullable=False),
    Column("event_id", Uuid, nullable=False),
    _recorded_at("received_at"),
    PrimaryKeyConstraint("consumer", "event_id", name="inbox_pkey"),
    Index("inbox_received_at", "received_at", postgresql_using="brin"),
    comment="Events whose effects are applied; kept for 30 days.",
)

dead_letter: Final = Table(
    "dead_letter",
    chassis_metadata,
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("kind", Text, nullable=False, comment="record, unreadable (only its place is known) or timer"),
    Column("key", LargeBinary),
    Column("value", LargeBinary),
    Column("header_names", ARRAY(LargeBinary), nullable=False),
    Column("header_values", ARRAY(LargeBinary), nullable=False),
    Column("timestamp_ms", BigInteger, nullable=False),
    Column("event_type", Text),
    Column("error", Text, nullable=False),
    _recorded_at("recorded_at"),
    PrimaryKeyConstraint("topic", "partition", "offset", name="dead_letter_pkey"),
    comment="What could not be applied, byte by byte, with the reason.",
)

timer: Final = Table(
    "timer",
    chassis_metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("run_at", DateTime(timezone=True), nullable=False, comment="due_at, or later after a failure"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    UniqueConstraint("kind", "subject", name="timer_kind_subject"),
    Index("timer_run_at", "run_at"),
    comment="What must happen later.",
)

idempotency_key: Final = Table(
    "idempotency_key",
    chassis_metadata,
    Column("scope", LargeBinary, primary_key=True, comment="hash of principal, method, path and key"),
    Column("principal", Uuid, nullable=False, comment="whose answers these are: an erasure removes them"),
    Column("fingerprint", LargeBinary, nullable=False, comment="hash of the request body"),
    Column("status", SmallInteger, nullable=False),
    Column("headers", JSON, nullable=False),
    Column("body", LargeBinary),
    _recorded_at("created_at"),
    Index("idempotency_key_created_at", "created_at", postgresql_using="brin"),
    comment="First answers of acting requests; kept for 24 hours.",
)

consumer_progress: Final = Table(
    "consumer_progress",
    chassis_metadata,
    Column("consumer", Text, nullable=False),
    Column("member", Text, nullable=False, comment="one row per worker process"),
    Column("lag_seconds", Double, nullable=False),
    _recorded_at("updated_at"),
    PrimaryKeyConstraint("consumer", "member", name="consumer_progress_pkey"),
    comment="How far behind the read models are, as the workers know it.",
)


def _ddl() -> list[str]:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
    statements: list[str] = []
    for table in chassis_metadata.sorted_tables:
        statements.append(str(CreateTable(table).compile(dialect=dialect)).strip())
        statements += [str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes]
        comment = (table.comment or "").replace("'", "''")
        statements.append(f"COMMENT ON TABLE {table.name} IS '{comment}'")
    return statements


CHASSIS_DDL: Final[list[str]] = _ddl()
"""Creates the tables above, one statement each, in order."""
