"""In which time zone a date was meant."""

from __future__ import annotations

from uuid import UUID

from chassis.db import Transaction
from chassis.problems import Unauthenticated
from owners.db.users import find_user


async def zone_of(tx: Transaction, given: str | None, user_id: UUID) -> str:
    """The zone that was told, or else the user's own."""
    if given is not None:
        return given
    user = await find_user(tx, user_id)
    if user is None:
        raise Unauthenticated("This account is gone.")
    return user.time_zone
