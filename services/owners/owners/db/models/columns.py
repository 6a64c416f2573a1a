"""The one MetaData, and columns that several tables share."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, DateTime, Integer, MetaData, Numeric, Text, Uuid

metadata: Final = MetaData()


def instant(name: str, *, nullable: bool = False) -> Column[object]:
    """A moment."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def count(name: str) -> Column[int]:
    """A counter."""
    return Column(name, BigInteger, nullable=False)


def record() -> tuple[Column[object], ...]:
    """What every record about a car begins with."""
    return (
        Column("id", Uuid, primary_key=True),
        Column("car_id", Uuid, nullable=False),
        Column("owner_id", Uuid, nullable=False),
        Column("provenance", Text, nullable=False),
        Column("time_zone", Text, nullable=False),
        Column("author_id", Uuid, nullable=False),
        instant("created_at"),
    )


def rate() -> tuple[Column[object], ...]:
    """How an amount counts in another currency."""
    return Column("rate", Numeric), Column("rate_to", Text), Column("converted_minor", BigInteger)


def attestation() -> tuple[Column[object], ...]:
    """The work order behind an attested record, null in the others."""
    return (
        Column("center_id", Uuid),
        Column("work_order_id", Uuid),
        Column("revision", Integer),
        Column("snapshot_sha256", Text),
    )
