"""Schedules of expenses."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Date, Integer, Table, Text, Uuid

from owners.db.models.columns import count, instant, metadata

expense_schedule: Final = Table(
    "expense_schedule",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("car_id", Uuid, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("author_id", Uuid, nullable=False),
    Column("category", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("note", Text),
    Column("time_zone", Text, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("every_months", Integer, nullable=False),
    Column("ends_on", Date),
    Column("entered", Integer, nullable=False),
    instant("ended_at", nullable=True),
    instant("created_at"),
    instant("updated_at"),
    count("version"),
)
