"""People, and how they are found when they sign in."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.db import Transaction
from owners.db.bulk import columns_of
from owners.db.models import app_user, car, expense, former_car, fuel_entry, service_entry, telegram_identity
from owners.domain.user import User

_ACT_AS: Final = text("SELECT set_config('carpass.user_id', :user_id, true)")


async def act_as(tx: Transaction, user_id: UUID) -> None:
    """From here on row-level security takes this user for the caller: for a sign-in, which begins without one."""
    await tx.execute(_ACT_AS, {"user_id": str(user_id)})


async def user_of_telegram(tx: Transaction, telegram_id: int) -> UUID | None:
    """Who signs in with this Telegram id."""
    found = select(telegram_identity.c.user_id).where(telegram_identity.c.telegram_id == telegram_id)
    return (await tx.execute(found)).scalar_one_or_none()


async def claim_telegram_id(tx: Transaction, telegram_id: int, user_id: UUID) -> bool:
    """Ties the id to a user who is about to be inserted; False when it was somebody's already."""
    claim = (
        upsert(telegram_identity)
        .values(telegram_id=telegram_id, user_id=user_id)
        .on_conflict_do_nothing()
        .returning(telegram_identity.c.user_id)
    )
    return (await tx.execute(claim)).first() is not None


async def insert_user(tx: Transaction, user: User) -> None:
    """Adds a person."""
    await tx.execute(insert(app_user).values(columns_of(user)))


async def find_user(tx: Transaction, user_id: UUID, *, lock: bool = False) -> User | None:
    """A person who is not erased; `lock` for a change."""
    found = select(app_user).where(app_user.c.id == user_id, app_user.c.erased_at.is_(None))
    row = (await tx.execute(found.with_for_update(key_share=True) if lock else found)).mappings().one_or_none()
    return None if row is None else User(**{str(name): value for name, value in row.items()})


async def save_user(tx: Transaction, user: User) -> None:
    """Writes a changed person."""
    await tx.execute(update(app_user).where(app_user.c.id == user.id).values(columns_of(user)))


async def forget_person(tx: Transaction, user_id: UUID) -> None:
    """Removes the Telegram id, and the words that were written about the own cars: names may stand in them."""
    own_words = {"note": None}
    await tx.execute(delete(telegram_identity).where(telegram_identity.c.user_id == user_id))
    await tx.execute(update(car).where(car.c.owner_id == user_id).values(nickname=None, tags=[]))
    await tx.execute(update(former_car).where(former_car.c.owner_id == user_id).values(nickname=None, tags=[]))
    entries = (service_entry.c.owner_id == user_id, service_entry.c.provenance == "self_declared")
    await tx.execute(update(service_entry).where(*entries).values(**own_words, vendor=None))
    expenses = (expense.c.owner_id == user_id, expense.c.provenance == "self_declared")
    await tx.execute(update(expense).where(*expenses).values(**own_words))
    await tx.execute(update(fuel_entry).where(fuel_entry.c.author_id == user_id).values(**own_words, station=None))
