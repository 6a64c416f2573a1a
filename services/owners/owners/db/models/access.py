"""Access that owners grant to other people."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, LargeBinary, Table, Text, Uuid

from owners.db.models.columns import count, instant, metadata

access_invitation: Final = Table(
    "access_invitation",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("car_id", Uuid, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("role", Text, nullable=False),
    instant("access_until", nullable=True),
    Column("token_hash", LargeBinary, nullable=False),
    instant("created_at"),
    instant("expires_at"),
    Column("accepted_by", Uuid),
    instant("accepted_at", nullable=True),
    instant("withdrawn_at", nullable=True),
)

access_grant: Final = Table(
    "access_grant",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("car_id", Uuid, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("grantee_id", Uuid, nullable=False),
    Column("role", Text, nullable=False),
    instant("expires_at", nullable=True),
    instant("granted_at"),
    instant("ended_at", nullable=True),
    Column("ended_because", Text),
    count("sequence"),
    count("version"),
)
