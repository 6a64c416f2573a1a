"""Access ends: the owner revokes it, its holder leaves, its time runs out, or one of the two is erased."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.db import Transaction
from chassis.problems import NotFound, check_version
from chassis.timers import Timers
from owners import events
from owners.commands.access import demand, lock_car_for
from owners.db.access import find_grant, lock_grant, lock_grants_around, save_ended
from owners.db.invitations import withdraw_invitations_of
from owners.domain.access import CarPerson, Right
from owners.domain.sharing import AccessGrant, Ending
from owners.events import By

ACCESS_EXPIRY: Final = "access-expiry"


async def remove_access(
    tx: Transaction,
    timers: Timers,
    car_id: UUID,
    grant_id: UUID,
    *,
    caller_id: UUID,
    expected_version: Callable[[], int],
    now: datetime,
) -> None:
    """Revokes somebody's access, or gives up the caller's own. The next request of that person finds no car."""
    person = await demand(tx, car_id, caller_id, Right.READ)
    if person.permits(Right.MANAGE_ACCESS):
        # Who is writing at this moment has locked the car: he is waited for, and the next one finds the grant gone.
        await lock_car_for(tx, car_id, caller_id, Right.MANAGE_ACCESS)
    grant = await _own_or_managed(tx, person, car_id, grant_id)
    check_version(expected_version(), grant.version)
    because: Ending = "left" if grant.grantee_id == caller_id else "revoked"
    by = By.user(caller_id, now) if because == "left" else By.person(person, now)
    await end(tx, timers, [grant.ended(because, now)], by)


async def expire_access(tx: Transaction, timers: Timers, grant_id: UUID, *, due_at: datetime) -> None:
    """Ends a grant if it was due then; one that ended meanwhile, or is due later now, is left alone."""
    grant = await lock_grant(tx, grant_id)
    if grant is not None and grant.has_expired(due_at):
        await end(tx, timers, [grant.ended("expired", due_at)], By.system(due_at))


async def end_access_around(tx: Transaction, timers: Timers, user_id: UUID, *, now: datetime) -> None:
    """Ends all that a person shares, was invited to share, and has from others, because the person goes."""
    # First the links: who accepts one at this moment is waited for, and the access that it made is seen below.
    await withdraw_invitations_of(tx, user_id, now)
    grants = await lock_grants_around(tx, user_id)
    await end(tx, timers, [grant.ended("erased", now) for grant in grants], By.user(user_id, now))


async def end(tx: Transaction, timers: Timers, ended: Sequence[AccessGrant], by: By) -> None:
    """Writes and publishes the end of locked grants."""
    await save_ended(tx, ended)
    for grant in ended:
        tx.record(events.access_ended(grant, by))
        if grant.expires_at is not None and grant.ended_because != "expired":
            await timers.cancel(tx, ACCESS_EXPIRY, grant.id)


async def _own_or_managed(tx: Transaction, person: CarPerson, car_id: UUID, grant_id: UUID) -> AccessGrant:
    grant = await find_grant(tx, car_id, grant_id, lock=True)
    if grant is None:
        person.demand(Right.MANAGE_ACCESS)  # somebody else's access is no business of who only shares the car
        raise NotFound
    return grant
