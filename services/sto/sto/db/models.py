"""The tables of this service. Their row-level security is in the migration, where its reasons stand too."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    column,
    table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata: Final = MetaData()


def _instant(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _counters() -> tuple[Column[int], Column[int]]:
    """`sequence` of the last published event, `version` behind the ETag."""
    return Column("sequence", BigInteger, nullable=False), Column("version", BigInteger, nullable=False)


service_center: Final = Table(
    "service_center",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, comment="as searched: case folded"),
    Column("city", Text, nullable=False),
    Column("city_key", Text, nullable=False, comment="as searched: case folded"),
    Column("street", Text, nullable=False),
    Column("postal_code", Text),
    Column("latitude", Double, nullable=False),
    Column("longitude", Double, nullable=False),
    Column("phones", ARRAY(Text), nullable=False),
    Column("specialities", ARRAY(Text), nullable=False),
    Column("makes", ARRAY(Text), nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("prices_include_tax", Boolean, nullable=False),
    Column("verification", Text, nullable=False),
    Column("application_id", Uuid, ForeignKey("verification_application.id", use_alter=True), comment="the latest"),
    Column("reviewer_id", Uuid, comment="the moderator who took the latest application"),
    Column("created_by", Uuid, nullable=False),
    _instant("created_at"),
    *_counters(),
    Index("service_center_newest", "created_at", "id", postgresql_where=text("verification = 'approved'")),
    Index("service_center_city", "city_key", "created_at", "id", postgresql_where=text("verification = 'approved'")),
    Index("service_center_place", "latitude", "longitude", postgresql_where=text("verification = 'approved'")),
    Index(
        "service_center_under_verification",
        "verification",
        postgresql_where=text("verification NOT IN ('draft', 'approved')"),
    ),
    comment="The tenants.",
)

verification_application: Final = Table(
    "verification_application",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("center_id", Uuid, ForeignKey("service_center.id"), nullable=False),
    Column("number", Integer, nullable=False, comment="1, 2, 3 … of its center"),
    Column("submitted_by", Uuid, nullable=False),
    _instant("submitted_at"),
    Column("note", Text),
    Column("documents", JSONB, nullable=False, comment="references: name, sha256, media_type"),
    UniqueConstraint("center_id", "number", name="verification_application_number"),
    Index("verification_application_oldest", "submitted_at", "id"),
    comment="Every submission there ever was. Append-only.",
)

verification_decision: Final = Table(
    "verification_decision",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("application_id", Uuid, ForeignKey("verification_application.id"), nullable=False),
    Column("center_id", Uuid, ForeignKey("service_center.id"), nullable=False),
    Column("move", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("moderator_id", Uuid, nullable=False),
    Column("reason", Text),
    _instant("decided_at"),
    Index("verification_decision_application", "application_id", "decided_at", "id"),
    comment="Every act of a moderator. Append-only.",
)

moderator: Final = Table(
    "moderator",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    _instant("added_at"),
    comment="Who decides about verifications. Named by the operators' command line only.",
)

employee: Final = Table(
    "employee",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("center_id", Uuid, ForeignKey("service_center.id"), nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("role", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    _instant("joined_at"),
    _instant("left_at", nullable=True),
    *_counters(),
    Index("employee_active", "center_id", "user_id", unique=True, postgresql_where=text("active")),
    Index("employee_centers", "user_id", "center_id"),
    Index("employee_oldest", "center_id", "joined_at", "id"),
    comment="Employments; who comes back gets another row.",
)

invitation: Final = Table(
    "invitation",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("center_id", Uuid, ForeignKey("service_center.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("token_hash", LargeBinary, nullable=False, comment="SHA-256; the token itself is nowhere"),
    Column("created_by", Uuid, nullable=False),
    _instant("created_at"),
    _instant("expires_at"),
    _instant("withdrawn_at", nullable=True),
    Column("accepted_by", Uuid),
    _instant("accepted_at", nullable=True),
    UniqueConstraint("token_hash", name="invitation_token_hash"),
    Index(
        "invitation_open",
        "center_id",
        "created_by",
        postgresql_where=text("accepted_at IS NULL AND withdrawn_at IS NULL"),
    ),
    comment="One-time links that make employees.",
)

car_link: Final = Table(
    "car_link",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("car_id", Uuid, nullable=False),
    Column("owner_id", Uuid, nullable=False, comment="the car's owner when it was requested: who decides"),
    Column("car_label", Text, nullable=False, comment="the car's label when it was requested"),
    Column("center_id", Uuid, ForeignKey("service_center.id"), nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("status", Text, nullable=False),
    Column("requested_by", Uuid, nullable=False),
    _instant("requested_at"),
    _instant("expires_at", nullable=True),
    _instant("decided_at", nullable=True),
    _instant("ended_at", nullable=True),
    *_counters(),
    Index(
        "car_link_open",
        "car_id",
        "center_id",
        unique=True,
        postgresql_where=text("status IN ('requested', 'approved')"),
    ),
    Index("car_link_of_owner", "owner_id", "requested_at", "id"),
    Index("car_link_of_center", "center_id", "requested_at", "id"),
    comment="What access a center was given to a car.",
)

car: Final = Table(
    "car",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("owner_id", Uuid, nullable=False),
    Column("make", Text),
    Column("model", Text),
    Column("plate", Text),
    Column("archived", Boolean, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    comment="Read model of owners.car.",
)

car_access: Final = Table(
    "car_access",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("car_id", Uuid, nullable=False),
    Column("owner_id", Uuid, nullable=False, comment="who granted it: it opens only what is this owner's"),
    Column("user_id", Uuid, nullable=False),
    Column("role", Text, nullable=False),
    _instant("expires_at", nullable=True),
    Column("ended", Boolean, nullable=False, comment="for good: no late event brings it back"),
    Column("sequence", BigInteger, nullable=False),
    Index("car_access_by_user", "user_id", "car_id"),
    Index("car_access_by_owner", "owner_id"),
    comment="Read model of owners.access.",
)

access_in_force: Final = table(
    "access_in_force", column("car_id", Uuid), column("owner_id", Uuid), column("user_id", Uuid), column("role", Text)
)
"""A view: what of `car_access` counts at this moment."""

person: Final = Table(
    "person",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("display_name", Text),
    Column("erased", Boolean, nullable=False, comment="for good: no late event brings the name back"),
    Column("sequence", BigInteger, nullable=False),
    comment="Read model of owners.profile.",
)
