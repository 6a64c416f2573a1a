"""Long histories: what is known of them without loading them, and the parts of them that a change looks at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final
from uuid import UUID

from chassis.db import Transaction
from owners.db.readings import COLUMNS, load_histories, stored_reading
from owners.domain.car import Car
from owners.domain.odometer.calm import Standing
from owners.domain.odometer.history import OdometerHistory

LONG: Final = 256
"""From so many readings, and so many events of the car's history, on it is worth a row to know how it stands.

It is paid by three statements of a few rows; with fewer, all readings are loaded without asking.
"""
_MOST_DAYS: Final = 100
"""That are looked at one by one; a change of more is judged with the whole."""

_STANDINGS: Final = """
    SELECT stored.car_id, stored.calm_after, stored.reading_count, stored.doubtful_count, stored.rollback_count
    FROM odometer_standing stored JOIN unnest($1::uuid[], $2::bigint[]) AS present (car_id, record_sequence)
        USING (car_id, record_sequence)
"""
_CHOSEN: Final = ", ".join(f"r.{name}" for name in COLUMNS)
_OF_ENTRIES: Final = "\nUNION\n".join(
    f"SELECT {_CHOSEN} FROM odometer_reading r WHERE r.{condition} AND r.car_id = ANY($1::uuid[])"  # noqa: S608
    for condition in (
        "id = ANY($2::uuid[])",
        "service_entry_id = ANY($3::uuid[])",
        "expense_id = ANY($3::uuid[])",
        "fuel_entry_id = ANY($3::uuid[])",
        "work_order_id = ANY($4::uuid[])",
    )
)
_AROUND: Final = f"""
    SELECT DISTINCT ON (r.id) {_CHOSEN}
    FROM unnest($1::uuid[], $2::date[]) AS touched (car_id, day)
    CROSS JOIN LATERAL (
        SELECT touched.day AS day
        UNION ALL
        (SELECT observed_on FROM odometer_reading
            WHERE car_id = touched.car_id AND observed_on < touched.day AND verdict = 'ok'
            ORDER BY observed_on DESC LIMIT 1)
        UNION ALL
        (SELECT observed_on FROM odometer_reading
            WHERE car_id = touched.car_id AND observed_on > touched.day AND verdict = 'ok'
            ORDER BY observed_on LIMIT 1)
    ) near
    JOIN odometer_reading r ON r.car_id = touched.car_id AND r.observed_on = near.day AND r.verdict = 'ok'
"""  # noqa: S608 -- our names
_PUT: Final = """
    INSERT INTO odometer_standing
        (car_id, record_sequence, calm_after, reading_count, doubtful_count, rollback_count)
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::date[], $4::integer[], $5::integer[], $6::integer[]) AS new
    ORDER BY 1
    ON CONFLICT (car_id) DO UPDATE SET record_sequence = excluded.record_sequence, calm_after = excluded.calm_after,
        reading_count = excluded.reading_count, doubtful_count = excluded.doubtful_count,
        rollback_count = excluded.rollback_count
"""


async def load_touched(
    tx: Transaction, cars: Mapping[UUID, Car], *, entries: Collection[UUID] = (), orders: Collection[UUID] = ()
) -> dict[UUID, OdometerHistory]:
    """The history of each locked car; of a long one the readings of these entries and work orders, until `complete`."""
    standings = await _standings(tx, cars.values())
    histories = await load_histories(tx, cars.keys() - standings.keys()) if len(standings) < len(cars) else {}
    if standings:
        last_ok = [id_ for car_id in standings if (id_ := cars[car_id].last_ok_reading_id) is not None]
        rows = await tx.rows(_OF_ENTRIES, list(standings), last_ok, list(entries), list(orders))
        for car_id, standing in standings.items():
            recorded = [stored_reading(row) for row in rows if row["car_id"] == car_id]
            histories[car_id] = OdometerHistory.part(car_id, recorded, standing, entries)
    return histories


async def complete(tx: Transaction, histories: Iterable[OdometerHistory]) -> None:
    """Loads what the changes of partly loaded histories are judged with: what is around them, or all of it."""
    parts = {one.car_id: one for one in histories if one.standing is not None and one.touched}
    pairs = [(id_, day) for id_, one in parts.items() if len(one.touched) <= _MOST_DAYS for day in one.touched]
    if pairs:
        for row in await tx.rows(_AROUND, [car_id for car_id, _ in pairs], [day for _, day in pairs]):
            parts[row["car_id"]].complete([stored_reading(row)], whole=False)
    wanting = [id_ for id_, one in parts.items() if len(one.touched) > _MOST_DAYS or not one.stands()]
    if wanting:
        for car_id, whole in (await load_histories(tx, wanting)).items():
            parts[car_id].complete(whole.recorded, whole=True)


async def save_standings(tx: Transaction, settled: Iterable[tuple[UUID, int, Standing]]) -> None:
    """Remembers how long histories stand: the car, the sequence of its last event, and that."""
    known = [
        (car_id, sequence, *standing)
        for car_id, sequence, standing in settled
        if standing.calm_after is not None and standing.reading_count >= LONG and sequence >= LONG
    ]
    if known:
        await tx.rows(_PUT, *(list(column) for column in zip(*known, strict=True)))


async def _standings(tx: Transaction, cars: Collection[Car]) -> dict[UUID, Standing]:
    """Only as of a car's last event: whoever changed readings since without knowing of standings made them stale."""
    asked = [car for car in cars if car.record_sequence >= LONG]
    if not asked:
        return {}
    rows = await tx.rows(_STANDINGS, [car.id for car in asked], [car.record_sequence for car in asked])
    return {
        row["car_id"]: Standing(row["calm_after"], row["reading_count"], row["doubtful_count"], row["rollback_count"])
        for row in rows
    }
