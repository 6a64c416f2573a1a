"""A service's outbox from outside: events put in as a command would, and the moment when they are gone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import asyncpg
import orjson

from bench.harness.kafka import KafkaRecord
from chassis.wake import OUTBOX_CHANNEL

_LOOK_EVERY: Final = 0.01
_FILL: Final = """
    INSERT INTO outbox (topic, key, headers, payload)
    SELECT topic, key, headers::json, payload
    FROM unnest($1::text[], $2::bytea[], $3::text[], $4::bytea[])
         WITH ORDINALITY AS new (topic, key, headers, payload, place)
    ORDER BY place
"""


async def fill(connection: asyncpg.Connection, records: Sequence[KafkaRecord]) -> None:
    """Rows with ids in the order of the records."""
    await connection.execute(
        _FILL,
        [record.topic for record in records],
        [record.key for record in records],
        [orjson.dumps({name: value.decode() for name, value in record.headers}).decode() for record in records],
        [record.value for record in records],
        timeout=60,
    )


async def wake(connection: asyncpg.Connection) -> None:
    """What follows a commit."""
    await connection.execute(f"NOTIFY {OUTBOX_CHANNEL}")


async def drained(connection: asyncpg.Connection | asyncpg.Pool) -> None:
    """Waits until the outbox is empty."""
    while await connection.fetchval("SELECT EXISTS (SELECT FROM outbox)"):  # noqa: ASYNC110 - a table
        await asyncio.sleep(_LOOK_EVERY)
