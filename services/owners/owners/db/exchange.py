"""All records of a car, page by page, for comparing and for taking them along; and where imported ones come from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final
from uuid import UUID

import asyncpg

from chassis.db import Transaction
from contracts.exchange import OriginMeterReplacement
from contracts.exchange_records import Kind
from owners.db.amendments import IN_FORCE_FIRST

PAGE: Final = 1_000
_READING: Final = (
    "id",
    "value",
    "unit",
    "observed_on",
    "observed_at",
    "source",
    "provenance",
    "verdict",
    "candidates_km",
    "meter_offset_km",
)
_METER: Final = tuple(OriginMeterReplacement.model_fields)
_TABLES: Final[dict[Kind, tuple[str, str, str]]] = {
    "fuel_entry": ("fuel_entry", "record.filled_on", "'self_declared'"),
    "service_entry": ("service_entry", "record.service_date", "record.provenance"),
    "expense": ("expense", "record.expense_date", "record.provenance"),
    "reading": ("odometer_reading", "record.observed_on", "record.provenance"),
    "document": ("car_document", "NULL::date", "'self_declared'"),
}
_NEVER_ATTESTED: Final[frozenset[Kind]] = frozenset({"fuel_entry", "document"})
_BELONGS: Final[dict[Kind, str]] = {
    "fuel_entry": "reading.fuel_entry_id = record.id",
    "service_entry": "reading.service_entry_id = record.id",
    "expense": "reading.expense_id = record.id",
    "reading": "reading.id = record.id",
    "document": "false",
}
_ALONE: Final[dict[Kind, str]] = {
    "fuel_entry": "",
    "service_entry": "",
    "expense": "AND record.service_entry_id IS NULL",  # what a service cost is told by the service
    "reading": (  # what belongs to an entry is told by the entry, unless that stayed with an earlier owner
        "AND record.verdict <> 'replaced' "
        "AND NOT EXISTS (SELECT FROM fuel_entry AS own WHERE own.id = record.fuel_entry_id) "
        "AND NOT EXISTS (SELECT FROM service_entry AS own WHERE own.id = record.service_entry_id) "
        "AND NOT EXISTS (SELECT FROM expense AS own WHERE own.id = record.expense_id)"
    ),
    "document": "",
}
_IN_FORCE: Final = ("kind", "lines", "cost_minor", "next_due_km", "next_due_months")
_TOLD: Final = (
    "revision",
    "correction_id",
    "kind",
    "reason",
    *_IN_FORCE[1:],
    "accepted_at",
    "snapshot_sha256",
    "amendment_sha256",
)
# What was amended of a service: what is in force of it now, and the amendments, the oldest first.
_AMENDED: Final = f"""
        LEFT JOIN LATERAL (
            SELECT {", ".join(f"{name} AS amended_{name}" for name in _IN_FORCE)} FROM amendment AS a
            WHERE a.service_entry_id = record.id AND a.lines IS NOT NULL
            {IN_FORCE_FIRST}
        ) AS amended ON record.provenance = 'attested'
        LEFT JOIN LATERAL (
            SELECT json_agg(json_build_object({", ".join(f"'{name}', a.{name}" for name in _TOLD)})
                ORDER BY a.revision)::text AS amendments
            FROM amendment AS a WHERE a.service_entry_id = record.id
        ) AS told ON record.provenance = 'attested'
"""  # noqa: S608 -- our names
_REMEMBER: Final = """
    INSERT INTO imported_record
        (car_id, owner_id, source, imported_by, imported_at, record_id, kind, external_id, digest, origin)
    SELECT $1, $2, $3, $4, $5, rows.*
    FROM unnest($6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[]) AS rows
"""


def _query(kind: Kind) -> str:
    table, day, provenance = _TABLES[kind]
    amended, from_amended = (", amended.*, told.amendments", _AMENDED) if kind == "service_entry" else ("", "")
    reading = ", ".join(f"reading.{name} AS reading_{name}" for name in _READING)
    meter = ", ".join(f"meter.{name} AS meter_{name}" for name in _METER)
    attested = (
        ""
        if kind not in _NEVER_ATTESTED
        else (
            ", NULL::uuid AS center_id, NULL::uuid AS work_order_id, NULL::integer AS revision, NULL AS snapshot_sha256"
        )
    )
    return f"""
        SELECT record.*, {day} AS day, {provenance} AS told_by{attested}, {reading}, {meter}{amended},
            imported.external_id AS imported_as, imported.digest AS imported_digest, imported.origin
        FROM {table} AS record
        LEFT JOIN odometer_reading AS reading ON {_BELONGS[kind]} AND reading.verdict <> 'replaced'
        LEFT JOIN meter_replacement AS meter ON meter.id = reading.meter_replacement_id
        LEFT JOIN imported_record AS imported ON imported.record_id = record.id
        {from_amended}
        WHERE record.car_id = $1 {_ALONE[kind]}
        ORDER BY day, record.id
    """  # noqa: S608 -- our names


_QUERIES: Final[dict[Kind, str]] = {kind: _query(kind) for kind in _TABLES}


async def records_of(
    tx: Transaction, car_id: UUID, kind: Kind, *, page: int = PAGE
) -> AsyncIterator[Sequence[asyncpg.Record]]:
    """The car's records of one kind, by day, in pages; each with its reading in force and what it was imported as.

    The cursor has a name for each kind, because the driver remembers which columns a FETCH by that name gave.
    """
    cursor = f"records_{kind}"
    await tx.rows(f"DECLARE {cursor} NO SCROLL CURSOR FOR {_QUERIES[kind]}", car_id)
    while rows := await tx.rows(f"FETCH {page} FROM {cursor}"):
        yield rows
    await tx.rows(f"CLOSE {cursor}")


async def remember_imports(
    tx: Transaction,
    car: tuple[UUID, UUID],
    imported: tuple[str, UUID, object],
    rows: Sequence[tuple[UUID, Kind, str | None, str, str | None]],
) -> None:
    """Keeps where records come from. `car`: its id and owner; `imported`: the format, by whom and when.

    Each row: the record's id, kind, external id, digest and origin.
    """
    columns = [list(column) for column in zip(*rows, strict=True)]
    await tx.rows(_REMEMBER, *car, *imported, *columns)
