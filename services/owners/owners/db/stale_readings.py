"""Cars whose odometer was last read long ago, and when their owners were asked for a reading."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from chassis.db import Transaction
from owners.domain.odometer.staleness import LastReading

BATCH: Final = 200
"""Cars that are looked at in one transaction, and so the most that are asked for in it."""

_BEGINNING: Final = UUID(int=0)
# The number stands in the text: a plan for any number of cars would read whole tables for these few.
_READ_AT: Final = "coalesce(r.observed_at, r.listed_at + interval '1 day')"
_LOOK: Final = f"""
    SELECT c.id,
        c.archived_at IS NULL AND r.id IS NOT NULL AND a.car_id IS NULL AND NOT person_is_erased(c.owner_id) AS due
    FROM (
        SELECT id, owner_id, archived_at, last_ok_reading_id FROM car
        WHERE id > (SELECT reached FROM reading_sweep) ORDER BY id LIMIT {BATCH}
    ) c
    LEFT JOIN odometer_reading r ON r.id = c.last_ok_reading_id AND {_READ_AT} < $1
    LEFT JOIN reading_ask a ON a.car_id = c.id AND a.asked_at > $2
    ORDER BY c.id
"""  # noqa: S608 -- our words and number
_LAST: Final = f"""
    SELECT c.id AS car_id, r.id, r.value, r.unit, r.km, r.observed_on, {_READ_AT} AS read_at,
        person_is_erased(c.owner_id) AS owner_erased, a.asked_at
    FROM car c
    JOIN odometer_reading r ON r.id = c.last_ok_reading_id
    LEFT JOIN reading_ask a ON a.car_id = c.id
    WHERE c.id = ANY($1::uuid[])
"""  # noqa: S608 -- our words
_KEEP_ASKED: Final = """
    INSERT INTO reading_ask (car_id, asked_at) SELECT id, $2 FROM unnest($1::uuid[]) AS given (id) ORDER BY id
    ON CONFLICT (car_id) DO UPDATE SET asked_at = excluded.asked_at
"""


class Looked(NamedTuple):
    """What a look at the next cars found: `reached` is where the following look begins."""

    due: list[UUID]
    reached: UUID
    ended: bool


async def next_stale_cars(tx: Transaction, *, read_before: datetime, asked_before: datetime) -> Looked:
    """Cars among the next ones whose owners may have to be asked. Nothing is locked: whoever asks looks again."""
    rows = await tx.rows(_LOOK, read_before, asked_before)
    ended = len(rows) < BATCH
    return Looked([row["id"] for row in rows if row["due"]], _BEGINNING if ended else rows[-1]["id"], ended)


async def save_reached(tx: Transaction, reached: UUID) -> None:
    """Remembers where the next look begins."""
    await tx.rows("UPDATE reading_sweep SET reached = $1", reached)


async def last_readings(tx: Transaction, car_ids: Collection[UUID]) -> dict[UUID, LastReading]:
    """The last ok reading of each of these locked cars that has one."""
    rows = await tx.rows(_LAST, list(car_ids))
    return {row["car_id"]: LastReading(*(row[name] for name in LastReading._fields)) for row in rows}


async def save_asked(tx: Transaction, car_ids: Collection[UUID], now: datetime) -> None:
    """Remembers that the owners of these locked cars are asked now."""
    await tx.rows(_KEEP_ASKED, list(car_ids), now)
