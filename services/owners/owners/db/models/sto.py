"""Read models of sto."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ARRAY, Boolean, Column, Table, Text, Uuid

from owners.db.models.columns import count, instant, metadata

center: Final = Table(
    "center",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("verification", Text, nullable=False),
    count("sequence"),
)

center_employee: Final = Table(
    "center_employee",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("center_id", Uuid, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("active", Boolean, nullable=False),
    count("sequence"),
)

center_link: Final = Table(
    "center_link",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("car_id", Uuid, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("center_id", Uuid, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("status", Text, nullable=False),
    instant("expires_at", nullable=True),
    count("sequence"),
)
