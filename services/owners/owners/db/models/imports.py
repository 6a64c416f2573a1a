"""What imported records were in their files."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Table, Text, Uuid

from owners.db.models.columns import instant, metadata

imported_record: Final = Table(
    "imported_record",
    metadata,
    Column("record_id", Uuid, primary_key=True),
    Column("car_id", Uuid, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("external_id", Text),
    Column("digest", Text, nullable=False),
    Column("origin", Text),
    Column("imported_by", Uuid, nullable=False),
    instant("imported_at"),
)
