"""What other services' events say, kept for the decisions that are made here. Every row carries its sequence."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    Table,
    Text,
    TextClause,
    Uuid,
    column,
    table,
    text,
)

from chassis.db import Transaction
from workorders.db.models import metadata


def _sequence() -> Column[Any]:
    return Column("sequence", BigInteger, nullable=False, comment="of the newest event that is applied")


center: Final = Table(
    "center",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("prices_include_tax", Boolean, nullable=False),
    Column("verification", Text, nullable=False),
    _sequence(),
    comment="Read model of sto.center.",
)

employee: Final = Table(
    "employee",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("center_id", Uuid, nullable=False),
    Column("user_id", Uuid, nullable=False),
    Column("role", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    _sequence(),
    Index("employee_by_user", "user_id", "center_id"),
    comment="Read model of sto.employee.",
)

car_link: Final = Table(
    "car_link",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("car_id", Uuid, nullable=False),
    Column("center_id", Uuid, nullable=False),
    Column("owner_id", Uuid, nullable=False),
    Column("car_label", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("status", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    _sequence(),
    Index("car_link_by_car", "car_id", "center_id"),
    comment="Read model of sto.link.",
)

car: Final = Table(
    "car",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("owner_id", Uuid, nullable=False),
    Column("vin", Text),
    Column("frame_number", Text),
    Column("plate", Text),
    Column("odometer_unit", Text, nullable=False),
    Column("archived", Boolean, nullable=False),
    _sequence(),
    comment="Read model of owners.car.",
)

car_odometer: Final = Table(
    "car_odometer",
    metadata,
    Column("id", Uuid, primary_key=True, comment="the car's"),
    Column("km", Integer, comment="the last good reading; null: there is none"),
    Column("observed_on", Date),
    Column("observed_at", DateTime(timezone=True), comment="null: only the day is known"),
    _sequence(),
    comment="Read model of owners.odometer.judged.",
)

car_access: Final = Table(
    "car_access",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("car_id", Uuid, nullable=False),
    Column("owner_id", Uuid, nullable=False, comment="who granted it: it opens only what is this owner's"),
    Column("user_id", Uuid, nullable=False),
    Column("role", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    Column("ended", Boolean, nullable=False, comment="for good: no late event brings it back"),
    _sequence(),
    Index("car_access_by_user", "user_id", "car_id"),
    Index("car_access_by_car", "car_id"),
    Index("car_access_by_owner", "owner_id"),
    comment="Read model of owners.access.",
)

access_in_force: Final = table(
    "access_in_force", column("car_id", Uuid), column("owner_id", Uuid), column("user_id", Uuid), column("role", Text)
)
"""A view: what of `car_access` counts at this moment."""


async def keep_newest(tx: Transaction, kept: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Upserts the newest state of each id, in id order so that two workers cannot deadlock; older ones do nothing."""
    newest = {row["id"]: row for row in sorted(rows, key=lambda row: row["sequence"])}
    await tx.execute(_UPSERTS[kept.name], {"rows": orjson.dumps(list(newest.values())).decode()})


async def end_access_around(tx: Transaction, user_ids: Collection[UUID]) -> None:
    """Ends for good what these people share with others, and what is shared with them."""
    await tx.execute(_END_AROUND, {"user_ids": sorted(user_ids)})


def _upsert(kept: Table) -> TextClause:
    names = [each.name for each in kept.columns]
    changes = ", ".join(f"{name} = {_new(kept, name)}" for name in names if name != "id")
    # One parameter for any number of rows: the statement is prepared once, and scopes may be arrays.
    return text(
        f"""
        INSERT INTO {kept.name} ({", ".join(names)})
        SELECT {", ".join(names)} FROM jsonb_populate_recordset(CAST(NULL AS {kept.name}), CAST(:rows AS jsonb))
        ORDER BY id
        ON CONFLICT (id) DO UPDATE SET {changes} WHERE {kept.name}.sequence < excluded.sequence
        """  # noqa: S608 - our own names
    )


def _new(kept: Table, name: str) -> str:
    return f"{kept.name}.{name} OR excluded.{name}" if kept.c[name] is car_access.c.ended else f"excluded.{name}"


_UPSERTS: Final = {each.name: _upsert(each) for each in (center, employee, car_link, car, car_odometer, car_access)}
_END_AROUND: Final = text(
    """
    UPDATE car_access SET ended = true
    WHERE id IN (
        SELECT id FROM car_access
        WHERE (user_id = ANY (CAST(:user_ids AS uuid[])) OR owner_id = ANY (CAST(:user_ids AS uuid[]))) AND NOT ended
        ORDER BY id FOR UPDATE)
    """
)
