"""The tables of trust. The audit tables are primary data; everything else can be rebuilt from the topics."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()

# Read models: what trust needs of others' data, by their events.

car = Table(
    "car",
    metadata,
    Column("car_id", Uuid, primary_key=True),
    Column("owner_id", Uuid, nullable=False),
    Column("archived", Boolean, nullable=False),
    Column("sequence", BigInteger, nullable=False),
)

employee = Table(
    "employee",
    metadata,
    Column("employee_id", Uuid, primary_key=True),
    Column("center_id", Uuid, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Index("employee_user", "user_id", postgresql_where=text("active")),
)

car_link = Table(
    "car_link",
    metadata,
    Column("link_id", Uuid, primary_key=True),
    Column("car_id", Uuid, nullable=False),
    Column("center_id", Uuid, nullable=False),
    Column("reads_history", Boolean, nullable=False, comment="approved, with the scope history_read"),
    Column("expires_at", DateTime(timezone=True)),
    Column("sequence", BigInteger, nullable=False),
    Index("car_link_car", "car_id"),
)

car_access = Table(
    "car_access",
    metadata,
    Column("grant_id", Uuid, primary_key=True),
    Column("car_id", Uuid, nullable=False),
    Column("owner_id", Uuid, nullable=False, comment="who granted it: it opens only what is this owner's"),
    Column("user_id", Uuid, nullable=False),
    Column("role", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Column("ended", Boolean, nullable=False, comment="for good: no late event brings it back"),
    Column("sequence", BigInteger, nullable=False),
    Index("car_access_user", "user_id", "car_id"),
    Index("car_access_owner", "owner_id"),
)

car_transfer = Table(
    "car_transfer",
    metadata,
    Column("car_id", Uuid, primary_key=True),
    Column("transferred_at", DateTime(timezone=True), primary_key=True),
    Column("from_owner_id", Uuid, nullable=False),
    Column("to_owner_id", Uuid, nullable=False),
    comment="Where one owner's time with a car ends, and the next one's begins.",
)

# Audit: append-only.

audit_chain = Table(
    "audit_chain",
    metadata,
    Column("tenant", Uuid, primary_key=True, comment="a service center, or the nil id for the platform"),
    Column("height", BigInteger, nullable=False),
    Column("head", LargeBinary, nullable=False),
    comment="Where each chain ends; its row lock puts the appenders in a line.",
)

audit_row = Table(
    "audit_row",
    metadata,
    Column("tenant", Uuid, nullable=False),
    Column("height", BigInteger, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("actor_id", Uuid),
    Column("actor_role", Text, nullable=False),
    Column("concerns", ARRAY(Uuid), nullable=False),
    Column("record", LargeBinary, nullable=False, comment="RFC 8785 canonical JSON: what is hashed"),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "height", name="audit_row_pkey"),
    UniqueConstraint("event_id", name="audit_row_event"),
    Index("audit_row_concerns", "concerns", postgresql_using="gin"),
    Index("audit_row_subject", "subject", "occurred_at"),
    Index("audit_row_actor", "actor_id", "occurred_at"),
)

# Timeline: append-only.

engagement_event = Table(
    "engagement_event",
    metadata,
    Column("id", Uuid, primary_key=True, comment="derived from the event"),
    Column("car_id", Uuid, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("kind", Text, nullable=False),
    Column("private", Boolean, nullable=False, comment="for the owner of that time only"),
    Column("owner_id", Uuid, comment="of the car at that time"),
    Column("center_id", Uuid),
    Column("work_order_id", Uuid),
    Column("details", JSONB, nullable=False),
    Index("engagement_event_car", "car_id", text("occurred_at DESC"), text("id DESC")),
)

# Recommendations.

recommendation = Table(
    "recommendation",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("work_order_id", Uuid, nullable=False),
    Column("item_id", Uuid, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("car_id", Uuid, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("center_id", Uuid, nullable=False),
    Column("source", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("matter", Text, nullable=False, comment="the title as it is compared with another's"),
    Column("due_km", Integer, comment="as the present meter shows it; below 0: before that one was put in"),
    Column("meter_offset_km", Integer, nullable=False, comment="what this meter shows too little"),
    Column("due_on", Date),
    Column("status", Text, nullable=False),
    Column("kept", Boolean, comment="settled in time; null while it is not settled"),
    Column("related_party", Boolean, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("settled_by", Uuid, comment="the work order that did it, or the user who dismissed it"),
    Column("sequence", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("work_order_id", "item_id", "revision", name="recommendation_business_key"),
    Index("recommendation_car", "car_id", text("opened_at DESC"), text("id DESC")),
)

# Facts that the score is a function of, and the score.

attested_service = Table(
    "attested_service",
    metadata,
    Column("work_order_id", Uuid, primary_key=True),
    Column("car_id", Uuid, nullable=False),
    Column("serviced_on", Date, nullable=False),
    Column("completed_at", DateTime(timezone=True), nullable=False),
    Column("related_party", Boolean, nullable=False),
    Column("meter_offset_km", Integer, nullable=False, comment="what the meter it put in shows too little; 0: none"),
    Index("attested_service_car", "car_id"),
    Index("attested_service_meter", "car_id", postgresql_where=text("meter_offset_km <> 0")),
)

history_entry = Table(
    "history_entry",
    metadata,
    Column("entry_id", Uuid, primary_key=True),
    Column("car_id", Uuid, nullable=False),
    Column("entry_on", Date, nullable=False),
    Column("proven", Boolean, nullable=False, comment="attested, or with an attachment"),
    Column("work_order_id", Uuid),
    Column("removed", Boolean, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Index("history_entry_car", "car_id"),
)

car_reading = Table(
    "car_reading",
    metadata,
    Column("reading_id", Uuid, primary_key=True),
    Column("car_id", Uuid, nullable=False),
    Column("observed_on", Date, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Index("car_reading_car", "car_id"),
)

car_odometer = Table(
    "car_odometer",
    metadata,
    Column("car_id", Uuid, primary_key=True),
    Column("last_ok_km", Integer),
    Column("meter_offset_km", Integer, nullable=False, comment="what the meter that showed it shows too little"),
    Column("sequence", BigInteger, nullable=False),
    comment="The last accepted reading of a car (km), as owners judged it.",
)

vehicle_score = Table(
    "vehicle_score",
    metadata,
    Column("car_id", Uuid, primary_key=True),
    Column("value", Integer),
    Column("confidence", Double, nullable=False),
    Column("parts", JSONB, nullable=False),
    Column("as_of", DateTime(timezone=True), nullable=False),
    Column("sequence", BigInteger, nullable=False),
)

vehicle_score_history = Table(
    "vehicle_score_history",
    metadata,
    Column("car_id", Uuid, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("value", Integer),
    Column("as_of", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("car_id", "sequence", name="vehicle_score_history_pkey"),
)
