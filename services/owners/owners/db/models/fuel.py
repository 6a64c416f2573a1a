"""Fuel entries, the consumption figures that they own, and sums of those figures."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Date, Integer, Numeric, Table, Text, Uuid

from owners.db.models.columns import count, instant, metadata, rate

fuel_entry: Final = Table(
    "fuel_entry",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("car_id", Uuid, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("author_id", Uuid, nullable=False),
    Column("filled_on", Date, nullable=False),
    instant("filled_at", nullable=True),
    Column("time_zone", Text, nullable=False),
    instant("listed_at"),
    Column("energy_kind", Text, nullable=False),
    Column("volume", Numeric),
    Column("volume_unit", Text, nullable=False),
    Column("quantity", Numeric),
    Column("unit_price", Numeric),
    Column("total_minor", BigInteger),
    Column("currency", Text),
    *rate(),
    Column("derived", Text),
    Column("discount_minor", BigInteger),
    Column("is_full", Boolean, nullable=False),
    Column("soc_after", Integer),
    Column("missed_before", Boolean, nullable=False),
    Column("station", Text),
    Column("note", Text),
    Column("accepted_km", Integer),
    Column("interval_from_id", Uuid),
    Column("interval_km", Integer),
    Column("interval_quantity", Numeric),
    Column("interval_cost_minor", BigInteger),
    Column("interval_currency", Text),
    instant("created_at"),
    instant("updated_at"),
    count("version"),
)

consumption_sum: Final = Table(
    "consumption_sum",
    metadata,
    Column("car_id", Uuid, primary_key=True),
    Column("energy_kind", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("owner_id", Uuid, nullable=False),
    Column("intervals", Integer, nullable=False),
    Column("km", BigInteger, nullable=False),
    Column("quantity", Numeric, nullable=False),
    Column("cost_minor", BigInteger, nullable=False),
)
