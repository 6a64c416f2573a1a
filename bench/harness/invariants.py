"""What must be true after completed work orders went into owners' tables, whoever brought them there."""

from __future__ import annotations

from typing import Final

import asyncpg

_KINDS: Final = ("service_entry", "expense", "odometer_reading")
# One event of the history for each service and each expense, and one for each batch that changed a verdict.
_GAPS: Final = """
    SELECT count(*) FROM car LEFT JOIN (
        SELECT convert_from(key, 'UTF8')::uuid AS car_id, count(*) AS events FROM outbox
        WHERE topic = 'owners.record' GROUP BY key
    ) AS published ON car_id = car.id
    WHERE record_sequence <> coalesce(events, 0)
"""
_WRONG_LAST_READING: Final = """
    SELECT count(*) FROM car LEFT JOIN (
        SELECT DISTINCT ON (car_id) car_id, id AS reading_id FROM odometer_reading
        WHERE verdict = 'ok' ORDER BY car_id, observed_at DESC
    ) AS last ON last.car_id = car.id
    WHERE last_ok_reading_id IS DISTINCT FROM reading_id
"""
_WRONG_IDENTITY: Final = """
    SELECT count(*) FROM car
    WHERE (attested_at IS NOT NULL) <> EXISTS (SELECT FROM service_entry WHERE car_id = car.id)
       OR identity_confirmed <> EXISTS (SELECT FROM identity_claim WHERE car_id = car.id)
"""
_DIGEST: Final = """
    SELECT md5(string_agg(md5(line), '' ORDER BY line)) FROM (
        SELECT t::text FROM service_entry t UNION ALL SELECT t::text FROM expense t
        UNION ALL SELECT t::text FROM odometer_reading t UNION ALL SELECT t::text FROM identity_claim t
        UNION ALL SELECT concat_ws(' ', id, attested_at, identity_confirmed, identity_disputed, last_ok_reading_id,
            updated_at, sequence, version) FROM car
    ) AS content (line)
"""


async def of_owners(connection: asyncpg.Connection, count: int) -> list[str]:
    """After `count` events, before the relay has taken what they publish."""
    broken = []
    if (applied := await connection.fetchval("SELECT count(*) FROM inbox")) != count:
        broken.append(f"the inbox holds {applied} of {count} events")
    if dead := await connection.fetchval("SELECT count(*) FROM dead_letter"):
        broken.append(f"{dead} events are dead letters")
    for kind in _KINDS:
        found = await connection.fetchrow(f"SELECT count(*), count(DISTINCT work_order_id) FROM {kind}")  # noqa: S608
        rows, orders = found or (0, 0)
        if (rows, orders) != (count, count):
            broken.append(f"{kind} has {rows} rows of {orders} orders, not one of each of {count}")
    checks = {
        _GAPS: "cars whose number of published events is not the one they count",
        _WRONG_LAST_READING: "cars whose last good reading is another one when computed anew",
        _WRONG_IDENTITY: "cars whose identity does not follow from what attests it",
    }
    for query, meaning in checks.items():
        if wrong := await connection.fetchval(query):
            broken.append(f"{wrong} {meaning}")
    return broken


async def digest(connection: asyncpg.Connection) -> str:
    """Of all rows that completed orders make, less what depends on how they were cut into batches."""
    return str(await connection.fetchval(_DIGEST, timeout=60))
