"""What a car itself costs, and monthly sums of what is spent on it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Date, Integer, Numeric, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from owners.db.models.columns import count, instant, metadata

depreciation: Final = Table(
    "depreciation",
    metadata,
    Column("car_id", Uuid, primary_key=True),
    Column("owner_id", Uuid, primary_key=True),
    Column("method", Text, nullable=False),
    Column("residual_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("years_of_life", Numeric),
    Column("first_year_percent", Numeric),
    Column("later_percent", Numeric),
    Column("life_km", Integer),
    instant("updated_at"),
    count("version"),
)

loan: Final = Table(
    "loan",
    metadata,
    Column("car_id", Uuid, primary_key=True),
    Column("owner_id", Uuid, primary_key=True),
    Column("principal_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("annual_rate_percent", Numeric, nullable=False),
    Column("months", Integer, nullable=False),
    Column("first_payment_on", Date, nullable=False),
    Column("extra_payments", JSONB, nullable=False),
    instant("updated_at"),
    count("version"),
)

valuation: Final = Table(
    "valuation",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("car_id", Uuid, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("valued_on", Date, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    instant("created_at"),
)

monthly_cost: Final = Table(
    "monthly_cost",
    metadata,
    Column("car_id", Uuid, primary_key=True),
    Column("owner_id", Uuid, primary_key=True),
    Column("month", Date, primary_key=True),
    Column("category", Text, primary_key=True),
    Column("energy_kind", Text, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("rate_to", Text, primary_key=True),
    Column("amount_minor", Numeric, nullable=False),
    Column("converted_minor", Numeric, nullable=False),
    Column("quantity", Numeric, nullable=False),
    count("entries"),
    count("priced"),
    count("measured"),
)
