"""Cars and their confirmed identities."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ARRAY, BigInteger, Boolean, Column, Date, Integer, Numeric, Table, Text, Uuid

from owners.db.models.columns import count, instant, metadata

car: Final = Table(
    "car",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("owner_id", Uuid, nullable=False),
    Column("vin", Text),
    Column("frame_number", Text),
    Column("identity_confirmed", Boolean, nullable=False),
    Column("identity_disputed", Boolean, nullable=False),
    instant("attested_at", nullable=True),
    Column("plate", Text),
    Column("make", Text),
    Column("model", Text),
    Column("year", Integer),
    Column("nickname", Text),
    Column("tags", ARRAY(Text), nullable=False),
    Column("energy_kinds", ARRAY(Text), nullable=False),
    Column("odometer_unit", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("purchase_date", Date),
    Column("purchase_price_minor", BigInteger),
    Column("purchase_currency", Text),
    Column("purchase_odometer_value", Numeric),
    Column("purchase_odometer_unit", Text),
    instant("archived_at", nullable=True),
    Column("last_ok_reading_id", Uuid),
    instant("created_at"),
    instant("updated_at"),
    count("sequence"),
    count("record_sequence"),
    count("version"),
)

identity_claim: Final = Table(
    "identity_claim",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("number", Text, primary_key=True),
    Column("car_id", Uuid, nullable=False),
)
