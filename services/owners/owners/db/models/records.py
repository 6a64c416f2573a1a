"""What is recorded about a car."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ARRAY, BigInteger, Column, Date, Integer, Numeric, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from owners.db.models.columns import attestation, count, instant, metadata, rate, record

service_entry: Final = Table(
    "service_entry",
    metadata,
    *record(),
    Column("service_date", Date, nullable=False),
    Column("vendor", Text),
    Column("lines", JSONB, nullable=False),
    Column("currency", Text),
    Column("cost_minor", BigInteger),
    *rate(),
    Column("next_due_km", Integer),
    Column("next_due_months", Integer),
    Column("note", Text),
    *attestation(),
    Column("work_order_number", Integer),
    instant("updated_at"),
    count("version"),
)

expense: Final = Table(
    "expense",
    metadata,
    *record(),
    Column("expense_date", Date, nullable=False),
    Column("category", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("note", Text),
    Column("service_entry_id", Uuid),
    *attestation(),
    Column("schedule_id", Uuid),
    *rate(),
    instant("updated_at"),
    count("version"),
)

odometer_reading: Final = Table(
    "odometer_reading",
    metadata,
    *record(),
    Column("source", Text, nullable=False),
    Column("value", Numeric, nullable=False),
    Column("unit", Text, nullable=False),
    Column("km", Integer, nullable=False),
    Column("observed_on", Date, nullable=False),
    instant("observed_at", nullable=True),
    instant("listed_at"),
    Column("service_entry_id", Uuid),
    Column("expense_id", Uuid),
    Column("fuel_entry_id", Uuid),
    *attestation(),
    Column("verdict", Text, nullable=False),
    Column("candidates_km", ARRAY(Integer), nullable=False),
)
