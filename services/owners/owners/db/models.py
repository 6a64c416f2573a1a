"""The tables of this service. Constraints, row-level security and triggers are in the migrations."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata: Final = MetaData()


def _instant(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _record() -> tuple[Column[object], ...]:
    """What every record about a car begins with."""
    return (
        Column("id", Uuid, primary_key=True),
        Column("car_id", Uuid, nullable=False),
        Column("owner_id", Uuid, nullable=False),
        Column("provenance", Text, nullable=False),
        Column("time_zone", Text, nullable=False),
        Column("author_id", Uuid, nullable=False),
        _instant("created_at"),
    )


def _attestation() -> tuple[Column[object], ...]:
    """The work order behind an attested record, null in the others."""
    return (
        Column("center_id", Uuid),
        Column("work_order_id", Uuid),
        Column("revision", Integer),
        Column("snapshot_sha256", Text),
    )


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
    _instant("created_at"),
    _instant("erased_at", nullable=True),
    _count("sequence"),
    _count("profile_sequence"),
    _count("version"),
)

telegram_identity: Final = Table(
    "telegram_identity",
    metadata,
    Column("telegram_id", BigInteger, primary_key=True),
    Column("user_id", Uuid, nullable=False),
)

sign_in_proof: Final = Table(
    "sign_in_proof", metadata, Column("fingerprint", LargeBinary, primary_key=True), _instant("forget_at")
)

session: Final = Table(
    "session",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, nullable=False),
    _instant("created_at"),
    _instant("revoked_at", nullable=True),
    Column("revoked_because", Text),
)

refresh_token: Final = Table(
    "refresh_token",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("session_id", Uuid, nullable=False),
    _instant("issued_at"),
    _instant("expires_at"),
    _instant("used_at", nullable=True),
)

car: Final = Table(
    "car",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("owner_id", Uuid, nullable=False),
    Column("vin", Text),
    Column("frame_number", Text),
    Column("identity_confirmed", Boolean, nullable=False),
    Column("identity_disputed", Boolean, nullable=False),
    _instant("attested_at", nullable=True),
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
    _instant("archived_at", nullable=True),
    Column("last_ok_reading_id", Uuid),
    _instant("created_at"),
    _instant("updated_at"),
    _count("sequence"),
    _count("record_sequence"),
    _count("version"),
)

identity_claim: Final = Table(
    "identity_claim",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("number", Text, primary_key=True),
    Column("car_id", Uuid, nullable=False),
)

service_entry: Final = Table(
    "service_entry",
    metadata,
    *_record(),
    Column("service_date", Date, nullable=False),
    Column("vendor", Text),
    Column("lines", JSONB, nullable=False),
    Column("currency", Text),
    Column("cost_minor", BigInteger),
    Column("next_due_km", Integer),
    Column("next_due_months", Integer),
    Column("note", Text),
    *_attestation(),
    Column("work_order_number", Integer),
    _instant("updated_at"),
    _count("version"),
)

expense: Final = Table(
    "expense",
    metadata,
    *_record(),
    Column("expense_date", Date, nullable=False),
    Column("category", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("note", Text),
    Column("service_entry_id", Uuid),
    *_attestation(),
    _instant("updated_at"),
    _count("version"),
)

odometer_reading: Final = Table(
    "odometer_reading",
    metadata,
    *_record(),
    Column("source", Text, nullable=False),
    Column("value", Numeric, nullable=False),
    Column("unit", Text, nullable=False),
    Column("km", Integer, nullable=False),
    Column("observed_on", Date, nullable=False),
    _instant("observed_at", nullable=True),
    _instant("listed_at"),
    Column("service_entry_id", Uuid),
    Column("expense_id", Uuid),
    *_attestation(),
    Column("verdict", Text, nullable=False),
    Column("candidates_km", ARRAY(Integer), nullable=False),
)

center: Final = Table(
    "center",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("verification", Text, nullable=False),
    _count("sequence"),
)

center_employee: Final = Table(
    "center_employee",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("center_id", Uuid, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("active", Boolean, nullable=False),
    _count("sequence"),
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
    _instant("expires_at", nullable=True),
    _count("sequence"),
)
