"""Somebody follows a one-time link and has access to a car."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from chassis.problems import NotFound, Unauthenticated
from chassis.timers import Timers
from owners import events
from owners.commands.end_access import ACCESS_EXPIRY, end
from owners.db.access import insert_grant, lock_grant_of
from owners.db.invitations import present_invitation, spend_invitation
from owners.db.users import find_user
from owners.domain.sharing import AccessGrant, AlreadyShared, token_hash
from owners.events import By


async def accept_access(tx: Transaction, timers: Timers, token: str, *, caller_id: UUID, now: datetime) -> AccessGrant:
    """The caller's new access. Of all who send a token at once, one gets it.

    Raises NotFound, OwnInvitation, InvitationSpent, InvitationExpired, AlreadyShared (the link stays usable then).
    """
    if await find_user(tx, caller_id, lock=True) is None:
        raise Unauthenticated("This account is gone.")  # an erased user's last access token
    invitation = await present_invitation(tx, token_hash(token))
    if invitation is None:
        raise NotFound
    spent, grant = invitation.accepted(caller_id, now, grant_id=new_id())
    before = await lock_grant_of(tx, grant.car_id, caller_id)
    if before is not None and before.has_expired(now):  # its timer was not there yet
        await end(tx, timers, [before.ended("expired", now)], By.system(now))
        before = None
    if before is not None or not await insert_grant(tx, grant):
        raise AlreadyShared("This car is shared with you already. Its owner can change your role.")
    await spend_invitation(tx, spent)
    tx.record(events.access_granted(grant, By.user(caller_id, now)))
    if grant.expires_at is not None:
        await timers.schedule(tx, ACCESS_EXPIRY, grant.id, grant.expires_at)
    return grant
