"""Cars and their confirmed identities."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import RowMapping, insert, select, update

from chassis.db import Transaction
from owners.db.bulk import columns_of, put_changes
from owners.db.models import car, former_car, seen_car
from owners.domain.car import Car

_BY_API: Final = frozenset(column.name for column in car.columns) - {
    "id",
    "owner_id",
    "created_at",
    "identity_confirmed",
    "identity_disputed",
    "identity_disputed_at",
    "rejected_number",
    "attested_at",
}
_BY_WORKER: Final = (
    "identity_confirmed",
    "identity_disputed",
    "identity_disputed_at",
    "attested_at",
    "last_ok_reading_id",
    "updated_at",
    "sequence",
    "record_sequence",
    "version",
)
# In the order of Car's fields; of a present owner there is no last one.
_LOCK: Final = f"""
    SELECT {", ".join(name for name in Car._fields if name in car.columns)} FROM car
    WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""  # noqa: S608 -- our names
_LOCK_FREE: Final = f"{_LOCK.rstrip()} SKIP LOCKED"
# A claim that was there before is seen; nobody else can have made one for these cars meanwhile: they are locked.
_CLAIM: Final = """
    WITH claim AS MATERIALIZED (
        SELECT * FROM unnest($1::text[], $2::text[], $3::uuid[]) WITH ORDINALITY AS given (kind, number, car_id, place)
    ), made AS (
        INSERT INTO identity_claim (kind, number, car_id)
        SELECT kind, number, car_id FROM claim ORDER BY kind, number, place
        ON CONFLICT DO NOTHING
        RETURNING car_id
    )
    SELECT car_id FROM made
    UNION ALL
    SELECT claim.car_id FROM claim JOIN identity_claim USING (kind, number, car_id)
"""


async def insert_car(tx: Transaction, new: Car) -> None:
    """Adds a car."""
    await tx.execute(insert(car).values({name: value for name, value in columns_of(new).items() if name in car.c}))


async def find_car(tx: Transaction, car_id: UUID) -> Car | None:
    """A car that the caller may see; as it was when they parted with it, if they did."""
    row = (await tx.execute(select(seen_car).where(seen_car.c.id == car_id))).mappings().one_or_none()
    return None if row is None else car_of(row)


async def lock_car(tx: Transaction, car_id: UUID) -> Car | None:
    """A car that the caller may see, for a change of it or of its history."""
    return (await lock_cars(tx, [car_id])).get(car_id)


async def lock_cars(tx: Transaction, car_ids: Collection[UUID]) -> dict[UUID, Car]:
    """Those of the cars that exist, locked in the order of their ids, so that two batches cannot deadlock."""
    found = await tx.rows(_LOCK, list(car_ids))
    return {row["id"]: Car(*row) for row in found}


async def lock_free_cars(tx: Transaction, car_ids: Collection[UUID]) -> dict[UUID, Car]:
    """Those of the cars that nobody else has locked, for what may as well be done another time: it waits for none."""
    return {row["id"]: Car(*row) for row in await tx.rows(_LOCK_FREE, list(car_ids))}


async def save_car(tx: Transaction, changed: Car) -> None:
    """Writes what an owner may change."""
    values = {name: value for name, value in columns_of(changed).items() if name in _BY_API}
    await tx.execute(update(car).where(car.c.id == changed.id).values(values))


async def save_handed_over(tx: Transaction, before: Car, after: Car, transfer_id: UUID, ended_on: date) -> None:
    """Gives a locked car to its next owner, and keeps for the one before how it was."""
    kept = {name: value for name, value in columns_of(before).items() if name in car.c}
    await tx.execute(insert(former_car).values(**kept, transfer_id=transfer_id, ended_on=ended_on))
    await save_car(tx, after)
    if not await tx.rows("SELECT hand_over_car($1) AS id", transfer_id):
        raise LookupError(f"nobody accepted the transfer {transfer_id}")


async def former_owners(tx: Transaction, car_ids: Collection[UUID]) -> set[tuple[UUID, UUID]]:
    """Ids of cars, each with the id of somebody who owned it once."""
    found = await tx.rows("SELECT id, owner_id FROM former_car WHERE id = ANY($1::uuid[])", list(car_ids))
    return {(row["id"], row["owner_id"]) for row in found}


def save_attested_cars(tx: Transaction, changed: Sequence[Car]) -> None:
    """Writes what attested facts change, at the end of the transaction."""
    rows = [{name: getattr(one, name) for name in ("id", *_BY_WORKER)} for one in changed]
    put_changes(tx, car, _BY_WORKER, rows)


async def claim_identities(tx: Transaction, cars: Sequence[Car]) -> set[UUID]:
    """Claims the identity of each car; the ids of those that have it, because nobody had attested it before."""
    claims = [(*one.identity, one.id) for one in cars if one.identity is not None]
    if not claims:
        return set()
    columns = [list(column) for column in zip(*claims, strict=True)]
    return {row[0] for row in await tx.rows(_CLAIM, *columns)}


def car_of(row: RowMapping) -> Car:
    """The car in a row of its table."""
    return Car(**{str(name): value for name, value in row.items()})
