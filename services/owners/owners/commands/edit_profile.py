"""Changes the caller's settings or name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.db import Transaction
from chassis.problems import NotFound, check_version
from owners import events
from owners.db.users import find_user, save_user
from owners.domain.user import User
from owners.events import By


async def edit_profile(
    tx: Transaction, user_id: UUID, changes: dict[str, Any], *, expected_version: Callable[[], int], now: datetime
) -> User:
    """The person after the change."""
    user = await find_user(tx, user_id, lock=True)
    if user is None:
        raise NotFound
    check_version(expected_version(), user.version)
    edited = user.edited(changes)
    if edited is user:
        return user
    await save_user(tx, edited)
    by = By.user(user_id, now)
    if edited.sequence != user.sequence:
        tx.record(events.user_updated(edited, by))
    if edited.profile_sequence != user.profile_sequence:
        tx.record(events.profile_updated(edited, by))
    return edited
