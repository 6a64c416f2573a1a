"""Files of cars, documents, and what entries were before they were edited."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Date, Integer, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from owners.db.models.columns import count, instant, metadata

file_content: Final = Table(
    "file_content",
    metadata,
    Column("car_id", Uuid, primary_key=True),
    Column("owner_id", Uuid, primary_key=True),
    Column("sha256", LargeBinary, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

attachment: Final = Table(
    "attachment",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("car_id", Uuid, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("author_id", Uuid, nullable=False),
    Column("attached_to", Text, nullable=False),
    Column("target_id", Uuid, nullable=False),
    Column("name", Text),
    Column("media_type", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    instant("created_at"),
)

car_document: Final = Table(
    "car_document",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("car_id", Uuid, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("author_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("number", Text),
    Column("issued_by", Text),
    Column("issued_on", Date),
    Column("expires_on", Date),
    Column("note", Text),
    instant("created_at"),
    instant("updated_at"),
    count("version"),
)

entry_edit: Final = Table(
    "entry_edit",
    metadata,
    Column("entry_id", Uuid, primary_key=True),
    Column("version", BigInteger, primary_key=True),
    Column("car_id", Uuid, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("edited_by", Uuid, nullable=False),
    instant("edited_at"),
    Column("before", JSONB, nullable=False),
    Column("after", JSONB, nullable=False),
)
