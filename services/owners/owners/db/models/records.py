"""What is recorded about a car."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ARRAY, BigInteger, Boolean, Column, Date, Integer, Numeric, Table, Text, Uuid
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
    Column("meter_offset_km", Integer, nullable=False),
    Column("meter_replacement_id", Uuid),
    Column("removed_meter", Boolean, nullable=False),
)

meter_replacement: Final = Table(
    "meter_replacement",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("car_id", Uuid, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("removed_value", Numeric),
    Column("removed_unit", Text, nullable=False),
    Column("removed_km", Integer, nullable=False),
    Column("installed_value", Numeric, nullable=False),
    Column("installed_unit", Text, nullable=False),
    Column("installed_km", Integer, nullable=False),
    Column("replaced_on", Date, nullable=False),
    instant("replaced_at"),
    Column("time_zone", Text, nullable=False),
    Column("reason", Text, nullable=False),
    *attestation(),
    Column("author_id", Uuid, nullable=False),
    instant("created_at"),
)

amendment: Final = Table(
    "amendment",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("car_id", Uuid, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("service_entry_id", Uuid, nullable=False),
    Column("center_id", Uuid, nullable=False),
    Column("work_order_id", Uuid, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("correction_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("lines", JSONB(none_as_null=True)),
    Column("cost_minor", BigInteger),
    Column("next_due_km", Integer),
    Column("next_due_months", Integer),
    Column("proposed_by", Uuid, nullable=False),
    Column("proposed_role", Text, nullable=False),
    Column("accepted_by", Uuid, nullable=False),
    Column("accepted_role", Text, nullable=False),
    instant("accepted_at"),
    Column("snapshot_sha256", Text, nullable=False),
    Column("amendment_sha256", Text, nullable=False),
    instant("created_at"),
)
