"""People and their sessions."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, LargeBinary, Table, Text, Uuid

from owners.db.models.columns import count, instant, metadata

app_user: Final = Table(
    "app_user",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("display_name", Text),
    Column("locale", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("distance_unit", Text, nullable=False),
    Column("volume_unit", Text, nullable=False),
    instant("created_at"),
    instant("erased_at", nullable=True),
    count("sequence"),
    count("profile_sequence"),
    count("version"),
)

telegram_identity: Final = Table(
    "telegram_identity",
    metadata,
    Column("telegram_id", BigInteger, primary_key=True),
    Column("user_id", Uuid, nullable=False),
)

sign_in_proof: Final = Table(
    "sign_in_proof", metadata, Column("fingerprint", LargeBinary, primary_key=True), instant("forget_at")
)

session: Final = Table(
    "session",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, nullable=False),
    instant("created_at"),
    instant("revoked_at", nullable=True),
    Column("revoked_because", Text),
)

refresh_token: Final = Table(
    "refresh_token",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("session_id", Uuid, nullable=False),
    instant("issued_at"),
    instant("expires_at"),
    instant("used_at", nullable=True),
)
