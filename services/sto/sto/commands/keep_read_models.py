"""Cars and names as the owners service tells them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from chassis.db import Transaction
from chassis.idempotency import forget_answers_to
from sto.db.read_models import (
    Sequenced,
    end_access_around,
    erase_names,
    upsert_access,
    upsert_cars,
    upsert_names,
)
from sto.domain.link import CarAccess, LinkedCar


async def keep_cars(tx: Transaction, cars: Iterable[Sequenced[LinkedCar]]) -> None:
    """Keeps the newest state of each car."""
    await upsert_cars(tx, cars)


async def keep_access(tx: Transaction, accesses: Iterable[Sequenced[CarAccess]]) -> None:
    """Keeps with whom owners share their cars."""
    await upsert_access(tx, accesses)


async def keep_names(tx: Transaction, names: Iterable[tuple[UUID, Sequenced[str]]]) -> None:
    """Keeps the newest name of each person."""
    await upsert_names(tx, names)


async def forget_names(tx: Transaction, user_ids: Collection[UUID]) -> None:
    """Removes the names of people who are gone, for good."""
    await erase_names(tx, user_ids)


async def forget_people(tx: Transaction, user_ids: Collection[UUID]) -> None:
    """Removes what these people wrote about themselves, names and answers kept for retries; what they share ends."""
    await erase_names(tx, user_ids)
    await end_access_around(tx, user_ids)
    for user_id in user_ids:
        await forget_answers_to(tx, user_id)
