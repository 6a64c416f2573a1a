"""Cars and their confirmed identities."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
)

from owners.db.models.columns import count, instant, metadata

car: Final = Table(
    "car",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("owner_id", Uuid, nullable=False),
    Column("vin", Text),
    Column("frame_number", Text),
    Column("identity_confirmed", Boolean, nullable=False),
    Column("identity_disputed", Boolean, nullable=False),
    instant("identity_disputed_at", nullable=True),
    Column("rejected_number", Text),
    instant("attested_at", nullable=True),
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
    instant("archived_at", nullable=True),
    Column("last_ok_reading_id", Uuid),
    instant("created_at"),
    instant("updated_at"),
    count("sequence"),
    count("record_sequence"),
    count("version"),
)

former_car: Final = Table(
    "former_car",
    metadata,
    *(Column(column.name, column.type, nullable=column.nullable) for column in car.columns),
    Column("transfer_id", Uuid, primary_key=True),
    Column("ended_on", Date, nullable=False),
)

seen_car: Final = Table(  # a view
    "seen_car",
    MetaData(),
    *(Column(column.name, column.type) for column in car.columns),
    Column("ended_on", Date),
)

car_transfer: Final = Table(
    "car_transfer",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("car_id", Uuid, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("car_label", Text),
    Column("recipient_id", Uuid),
    Column("token_hash", LargeBinary),
    Column("sold_on", Date),
    Column("price_minor", BigInteger),
    Column("price_currency", Text),
    instant("created_at"),
    instant("expires_at"),
    Column("accepted_by", Uuid),
    instant("accepted_at", nullable=True),
    instant("withdrawn_at", nullable=True),
)

identity_claim: Final = Table(
    "identity_claim",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("number", Text, primary_key=True),
    Column("car_id", Uuid, nullable=False),
)

moderator: Final = Table(
    "moderator",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    instant("added_at"),
)

identity_decision: Final = Table(
    "identity_decision",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("car_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("ruling", Text, nullable=False),
    Column("rival_id", Uuid),
    Column("moderator_id", Uuid, nullable=False),
    Column("reason", Text, nullable=False),
    instant("decided_at"),
    count("car_version"),
)
