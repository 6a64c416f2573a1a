"""Erases a person: name, Telegram id, sessions, what was written by hand, what is shared. Attested facts stay."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from chassis.idempotency import forget_answers_to
from chassis.timers import Timers
from contracts.owners import ProfileUpdated
from owners import events
from owners.commands.end_access import end_access_around
from owners.db.files import forget_files_of
from owners.db.schedules import end_schedules_of
from owners.db.sessions import remove_sessions
from owners.db.transfers import withdraw_transfers_of
from owners.db.users import find_user, forget_person, save_user
from owners.events import By


async def erase_user(tx: Transaction, timers: Timers, user_id: UUID, *, now: datetime) -> None:
    """Leaves the id only. Nothing happens to somebody who is erased already."""
    user = await find_user(tx, user_id, lock=True)
    if user is None:
        return
    erased = user.erased(now)
    await save_user(tx, erased)
    await forget_person(tx, user_id)
    await forget_files_of(tx, user_id)
    await end_schedules_of(tx, user_id, now)
    await withdraw_transfers_of(tx, user_id, now)
    await end_access_around(tx, timers, user_id, now=now)
    await remove_sessions(tx, user_id)
    await forget_answers_to(tx, user_id)
    tx.record(events.user_erased(erased, By.user(user_id, now)))
    tx.record_tombstone(ProfileUpdated.topic, str(user_id))
