"""What other services' events say, kept for the decisions that are made here. Every row carries its sequence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

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


async def keep_newest(tx: Transaction, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Upserts the newest state of each id, in id order so that two workers cannot deadlock; older ones do nothing."""
    newest = {row["id"]: row for row in sorted(rows, key=lambda row: row["sequence"])}
    await tx.execute(_UPSERTS[table.name], {"rows": orjson.dumps(list(newest.values())).decode()})


def _upsert(table: Table) -> TextClause:
    names = [column.name for column in table.columns]
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name != "id")
    # One parameter for any number of rows: the statement is prepared once, and scopes may be arrays.
    return text(
        f"""
        INSERT INTO {table.name} ({", ".join(names)})
        SELECT {", ".join(names)} FROM jsonb_populate_recordset(CAST(NULL AS {table.name}), CAST(:rows AS jsonb))
        ORDER BY id
        ON CONFLICT (id) DO UPDATE SET {changes} WHERE {table.name}.sequence < excluded.sequence
        """  # noqa: S608 - our own names
    )


_UPSERTS: Final = {table.name: _upsert(table) for table in (center, employee, car_link, car, car_odometer)}
