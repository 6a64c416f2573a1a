"""What other services' events say, kept for reading."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from chassis.db import Transaction
from sto.domain.link import CarAccess, LinkedCar


@dataclass(frozen=True, slots=True)
class Sequenced[T]:
    """A state, and which one of its aggregate's it is."""

    state: T
    sequence: int


_UPSERT_CARS = text(
    """
    INSERT INTO car (id, owner_id, make, model, plate, archived, sequence)
    SELECT * FROM unnest(
        CAST(:ids AS uuid[]), CAST(:owner_ids AS uuid[]), CAST(:makes AS text[]), CAST(:models AS text[]),
        CAST(:plates AS text[]), CAST(:archived AS boolean[]), CAST(:sequences AS bigint[]))
    ORDER BY 1
    ON CONFLICT (id) DO UPDATE SET owner_id = excluded.owner_id, make = excluded.make, model = excluded.model,
        plate = excluded.plate, archived = excluded.archived, sequence = excluded.sequence
    WHERE car.sequence < excluded.sequence
    """
)

_UPSERT_ACCESS = text(
    """
    INSERT INTO car_access (id, car_id, owner_id, user_id, role, expires_at, ended, sequence)
    SELECT * FROM unnest(
        CAST(:ids AS uuid[]), CAST(:car_ids AS uuid[]), CAST(:owner_ids AS uuid[]), CAST(:user_ids AS uuid[]),
        CAST(:roles AS text[]), CAST(:expiries AS timestamptz[]), CAST(:endings AS boolean[]),
        CAST(:sequences AS bigint[]))
    ORDER BY 1
    ON CONFLICT (id) DO UPDATE SET role = excluded.role, expires_at = excluded.expires_at,
        ended = car_access.ended OR excluded.ended, sequence = excluded.sequence
    WHERE car_access.sequence < excluded.sequence
    """
)

_END_ACCESS_AROUND = text(
    """
    UPDATE car_access SET ended = true
    WHERE id IN (
        SELECT id FROM car_access
        WHERE (user_id = ANY (CAST(:user_ids AS uuid[])) OR owner_id = ANY (CAST(:user_ids AS uuid[]))) AND NOT ended
        ORDER BY id FOR UPDATE)
    """
)

_UPSERT_PEOPLE = text(
    """
    INSERT INTO person (user_id, display_name, erased, sequence)
    SELECT user_id, display_name, false, sequence FROM unnest(
        CAST(:user_ids AS uuid[]), CAST(:names AS text[]), CAST(:sequences AS bigint[]))
        AS new (user_id, display_name, sequence)
    ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE SET display_name = excluded.display_name, sequence = excluded.sequence
    WHERE person.sequence < excluded.sequence AND NOT person.erased
    """
)

_ERASE_PEOPLE = text(
    """
    INSERT INTO person (user_id, display_name, erased, sequence)
    SELECT user_id, null, true, 0 FROM unnest(CAST(:user_ids AS uuid[])) AS gone (user_id)
    ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE SET display_name = null, erased = true WHERE NOT person.erased
    """
)


async def upsert_cars(tx: Transaction, cars: Iterable[Sequenced[LinkedCar]]) -> None:
    """Keeps the newest state of each car."""
    newest = {car.state.id: car for car in sorted(cars, key=lambda car: car.sequence)}
    states = [car.state for car in newest.values()]
    await tx.execute(
        _UPSERT_CARS,
        {
            "ids": [state.id for state in states],
            "owner_ids": [state.owner_id for state in states],
            "makes": [state.make for state in states],
            "models": [state.model for state in states],
            "plates": [state.plate for state in states],
            "archived": [state.archived for state in states],
            "sequences": [car.sequence for car in newest.values()],
        },
    )


async def upsert_access(tx: Transaction, accesses: Iterable[Sequenced[CarAccess]]) -> None:
    """Keeps the newest state of each grant."""
    newest = {access.state.id: access for access in sorted(accesses, key=lambda access: access.sequence)}
    states = [access.state for access in newest.values()]
    await tx.execute(
        _UPSERT_ACCESS,
        {
            "ids": [state.id for state in states],
            "car_ids": [state.car_id for state in states],
            "owner_ids": [state.owner_id for state in states],
            "user_ids": [state.user_id for state in states],
            "roles": [state.role for state in states],
            "expiries": [state.expires_at for state in states],
            "endings": [state.ended for state in states],
            "sequences": [access.sequence for access in newest.values()],
        },
    )


async def end_access_around(tx: Transaction, user_ids: Collection[UUID]) -> None:
    """Ends for good what these people share with others, and what is shared with them."""
    await tx.execute(_END_ACCESS_AROUND, {"user_ids": sorted(user_ids)})


async def upsert_names(tx: Transaction, names: Iterable[tuple[UUID, Sequenced[str]]]) -> None:
    """Keeps the newest display name of each person, except of those who are erased."""
    newest = dict(sorted(names, key=lambda pair: pair[1].sequence))
    await tx.execute(
        _UPSERT_PEOPLE,
        {
            "user_ids": list(newest),
            "names": [name.state for name in newest.values()],
            "sequences": [name.sequence for name in newest.values()],
        },
    )


async def erase_names(tx: Transaction, user_ids: Collection[UUID]) -> None:
    """Forgets the names of these people for good."""
    await tx.execute(_ERASE_PEOPLE, {"user_ids": sorted(set(user_ids))})
