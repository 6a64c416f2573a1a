"""The work order's own tables. Who may see and change their rows is in the migration."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

metadata: Final = MetaData()


def _instant(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _tenants() -> tuple[Column[Any], ...]:
    """By whom a row may be seen: the center's staff, and the car's owner at the time of the visit."""
    return Column("center_id", Uuid, nullable=False), Column("owner_id", Uuid, nullable=False)


def _of_order() -> tuple[Column[Any], ...]:
    return Column("work_order_id", Uuid, ForeignKey("work_order.id"), nullable=False), *_tenants()


work_order: Final = Table(
    "work_order",
    metadata,
    Column("id", Uuid, primary_key=True),
    *_tenants(),
    Column("car_id", Uuid, nullable=False),
    Column("number", BigInteger, nullable=False, comment="gapless per center"),
    Column("status", Text, nullable=False),
    Column("version", BigInteger, nullable=False, comment="behind the ETag"),
    Column("sequence", BigInteger, nullable=False, comment="of the last event"),
    Column("center_name", Text, nullable=False),
    Column("car_label", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("prices_include_tax", Boolean, nullable=False),
    Column("four_eyes", Boolean, nullable=False),
    Column("related_party", Boolean, nullable=False),
    Column("complaint", Text),
    Column("estimate_version", Integer, comment="the latest one"),
    Column("tolerance_minor", BigInteger, nullable=False),
    Column("submitted_for_check_by", Uuid),
    _instant("opened_at"),
    _instant("closed_at", nullable=True),
    UniqueConstraint("center_id", "number", name="work_order_number"),
    Index("work_order_of_center", "center_id", "opened_at", "id"),
    Index("work_order_of_owner", "owner_id", "opened_at", "id"),
    Index("work_order_of_car", "car_id", "opened_at", "id"),
    comment="ServiceVisit: one visit of a car to a center.",
)

order_counter: Final = Table(
    "order_counter",
    metadata,
    Column("center_id", Uuid, primary_key=True),
    Column("last_number", BigInteger, nullable=False),
    comment="Its row lock makes order numbers gapless.",
)

job: Final = Table(
    "job",
    metadata,
    Column("id", Uuid, primary_key=True),
    *_of_order(),
    Column("position", BigInteger, Identity(always=True), nullable=False),
    Column("title", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("authorised_version", Integer, comment="the estimate version whose decision is in force"),
    Index("job_of_order", "work_order_id"),
)


def _line(name: str, *columns: Column[Any], comment: str) -> Table:
    return Table(
        name,
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("job_id", Uuid, ForeignKey("job.id"), nullable=False),
        *_of_order(),
        Column("position", BigInteger, Identity(always=True), nullable=False),
        *columns,
        Column("discount_minor", BigInteger, nullable=False),
        Column("order_discount_minor", BigInteger, nullable=False, comment="its share of the estimate's discount"),
        Column("tax_percent", Numeric, nullable=False),
        Column("next_service_km", Integer),
        Column("next_service_months", Integer),
        Index(f"{name}_of_order", "work_order_id"),
        Index(f"{name}_of_job", "job_id"),
        comment=comment,
    )


labor_line: Final = _line(
    "labor_line",
    Column("operation", Text, nullable=False),
    Column("hours", Numeric, nullable=False),
    Column("rate", Numeric, nullable=False),
    Column("mechanic_id", Uuid, index=True),
    comment="ServiceWorkItem.",
)

product_line: Final = _line(
    "product_line",
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sku", Text),
    Column("quantity", Numeric, nullable=False),
    Column("unit", Text, nullable=False),
    Column("price", Numeric, nullable=False),
    Column("batch", Text),
    Column("warranty", Text),
    Column("customer_supplied", Boolean, nullable=False),
    comment="ServiceProductItem.",
)

estimate: Final = Table(
    "estimate",
    metadata,
    Column("id", Uuid, primary_key=True),
    *_of_order(),
    Column("version", Integer, nullable=False),
    Column("content", Text, nullable=False, comment="RFC 8785 canonical JSON"),
    Column("sha256", Text, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    Column("tolerance_minor", BigInteger, nullable=False),
    _instant("sent_at"),
    Column("sent_by", Uuid, nullable=False),
    _instant("valid_until"),
    UniqueConstraint("work_order_id", "version", name="estimate_version"),
    comment="Frozen estimate versions. Append-only.",
)

estimate_outcome: Final = Table(
    "estimate_outcome",
    metadata,
    *_of_order(),
    Column("version", Integer, nullable=False),
    Column("outcome", Text, nullable=False, comment="decided or superseded; a declined version can be both in turn"),
    Column("reason", Text),
    _instant("recorded_at"),
    PrimaryKeyConstraint("work_order_id", "version", "outcome", name="estimate_outcome_pkey"),
    comment="What became of estimate versions. Append-only.",
)

decision: Final = Table(
    "decision",
    metadata,
    *_of_order(),
    Column("job_id", Uuid, nullable=False),
    Column("estimate_version", Integer, nullable=False),
    Column("estimate_sha256", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("choice", Text, nullable=False),
    Column("total_minor", BigInteger, nullable=False),
    _instant("decided_at"),
    Column("decided_by", Uuid, nullable=False),
    Column("role", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("given_by", Text, comment="this and what follows: evidence of consent that staff recorded"),
    _instant("given_at", nullable=True),
    Column("reason", Text),
    Column("added_minor", BigInteger),
    Column("revised_total_minor", BigInteger),
    PrimaryKeyConstraint("work_order_id", "estimate_version", "job_id", name="decision_pkey"),
    comment="Who authorised or declined which job, on which estimate version. Append-only.",
)

status_history: Final = Table(
    "status_history",
    metadata,
    Column("id", Uuid, primary_key=True),
    *_of_order(),
    Column("sequence", BigInteger, nullable=False),
    Column("from_status", Text),
    Column("to_status", Text, nullable=False),
    Column("actor_id", Uuid, comment="null: a timer"),
    Column("role", Text, nullable=False),
    Column("reason", Text),
    _instant("occurred_at"),
    UniqueConstraint("work_order_id", "sequence", name="status_history_sequence"),
    comment="WorkOrderStatusHistory. Append-only.",
)

snapshot: Final = Table(
    "snapshot",
    metadata,
    Column("work_order_id", Uuid, ForeignKey("work_order.id"), primary_key=True),
    *_tenants(),
    Column("car_id", Uuid, nullable=False),
    Column("content", Text, nullable=False, comment="RFC 8785 canonical JSON, as published"),
    Column("sha256", Text, nullable=False),
    _instant("completed_at"),
    comment="What a completed order says for ever. Append-only.",
)
