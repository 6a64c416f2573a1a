"""Cars whose owners wrote everything down for years, in owners' database as its commands would have left it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chassis.ids import new_id
from chassis.provision import ServiceDatabase

_YEARS: Final = 24
_FIRST_DAY: Final = "date '2002-01-01'"
_DAY: Final = f"({_FIRST_DAY} + (n::bigint * {_YEARS * 365} / $3::bigint)::int)"
_ID: Final = "md5($1::uuid::text || {kind} || n)::uuid"
_SEED: Final = (
    """
    INSERT INTO app_user (id, display_name, locale, time_zone, currency, distance_unit, volume_unit, created_at,
        sequence, profile_sequence, version)
    VALUES ($1::uuid, 'Owner', 'ru', 'Europe/Moscow', 'RUB', 'km', 'l', '2002-01-01', 1, 1, 1)
    """,
    """
    INSERT INTO car (id, owner_id, make, model, tags, energy_kinds, odometer_unit, currency, created_at, updated_at,
        sequence, record_sequence, version)
    VALUES ($2::uuid, $1::uuid, 'Lada', 'Vesta', '{}', '{petrol}', 'km', 'RUB', '2002-01-01', '2002-01-01', 1, 0, 1)
    """,
    f"""
    INSERT INTO fuel_entry (id, car_id, owner_id, author_id, filled_on, time_zone, listed_at, energy_kind, volume,
        volume_unit, quantity, unit_price, total_minor, currency, derived, is_full, missed_before, accepted_km,
        interval_from_id, interval_km, interval_quantity, interval_cost_minor, interval_currency,
        created_at, updated_at, version)
    SELECT {_ID.format(kind="'fill'")}, $2::uuid, $1::uuid, $1::uuid, {_DAY}, 'Europe/Moscow',
        {_DAY}, 'petrol', 40, 'l', 40, 50, 200000,
        'RUB', 'total', true, false, n * 5, {_ID.format(kind="'fill'")}, 5, 40, 200000, 'RUB', {_DAY}, {_DAY}, 1
    FROM generate_series(1, $3::bigint) AS n
    """,  # noqa: S608 -- our names
    f"""
    INSERT INTO odometer_reading (id, car_id, owner_id, source, provenance, value, unit, km, observed_on, time_zone,
        listed_at, fuel_entry_id, author_id, created_at, verdict)
    SELECT {_ID.format(kind="'reading'")}, $2::uuid, $1::uuid, 'fuel', 'self_declared', n * 5, 'km', n * 5, {_DAY},
        'Europe/Moscow', {_DAY}, {_ID.format(kind="'fill'")}, $1::uuid, {_DAY}, 'ok'
    FROM generate_series(1, $3::bigint) AS n
    """,  # noqa: S608 -- our names
    f"""
    INSERT INTO expense (id, car_id, owner_id, provenance, expense_date, time_zone, category, amount_minor, currency,
        author_id, created_at, updated_at, version)
    SELECT {_ID.format(kind="'expense'")}, $2::uuid, $1::uuid, 'self_declared', {_DAY}, 'Europe/Moscow', 'parking',
        10000, 'RUB', $1::uuid, {_DAY}, {_DAY}, 1
    FROM generate_series(1, $3::bigint) AS n
    """,  # noqa: S608 -- our names
    """
    UPDATE car SET last_ok_reading_id = md5($1::uuid::text || 'reading' || $3::bigint)::uuid WHERE id = $2::uuid
    """,
    """
    INSERT INTO consumption_sum (car_id, energy_kind, period, currency, owner_id, intervals, km, quantity, cost_minor)
    SELECT $2::uuid, 'petrol', 'all', 'RUB', $1::uuid, $3::bigint, 5 * $3::bigint, 40 * $3::bigint, 200000 * $3::bigint
    """,
)


@dataclass(frozen=True, slots=True)
class KeptCar:
    """A car, its owner, and how many fills with a reading and how many expenses it has."""

    length: int
    car_id: UUID = field(default_factory=new_id)
    owner_id: UUID = field(default_factory=new_id)


async def store(database: ServiceDatabase, *cars: KeptCar) -> None:
    """Puts them into the database, and lets the planner know. Triggers keep the monthly sums, as always."""
    connection = await asyncpg.connect(database.owner_url)
    try:
        for car in cars:
            for statement in _SEED:
                used = [car.owner_id, car.car_id, car.length][: max(int(n) for n in "123" if f"${n}" in statement)]
                await connection.execute(statement, *used)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


def write_signing_key(key: Ed25519PrivateKey, folder: Path) -> Path:
    """The folder with the key that owners signs and verifies with."""
    folder.mkdir(parents=True)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "0001.pem").write_bytes(pem)
    return folder
