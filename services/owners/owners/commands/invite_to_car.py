"""An owner shares a car by a one-time link, or withdraws the link."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from chassis.problems import NotFound, check_version
from owners.commands.access import lock_car_for
from owners.db.invitations import find_invitation, insert_invitation, withdraw_invitation
from owners.domain.access import GrantedRole, Right
from owners.domain.sharing import AccessInvitation, token_hash

_TOKEN_BYTES: Final = 32


async def invite_to_car(
    tx: Transaction,
    car_id: UUID,
    role: GrantedRole,
    access_until: datetime | None,
    *,
    caller_id: UUID,
    now: datetime,
) -> tuple[AccessInvitation, str]:
    """The invitation and its token, which is told here and never again; raises AccessEndsInPast."""
    car, _ = await lock_car_for(tx, car_id, caller_id, Right.MANAGE_ACCESS)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    invitation = AccessInvitation.made(
        new_id(),
        car_id=car.id,
        owner_id=car.owner_id,
        role=role,
        access_until=access_until,
        token_hash=token_hash(token),
        now=now,
    )
    await insert_invitation(tx, invitation)
    return invitation, token


async def withdraw_car_invitation(
    tx: Transaction,
    car_id: UUID,
    invitation_id: UUID,
    *,
    caller_id: UUID,
    expected_version: Callable[[], int],
    now: datetime,
) -> None:
    """The link works no more."""
    await lock_car_for(tx, car_id, caller_id, Right.MANAGE_ACCESS)
    invitation = await find_invitation(tx, car_id, invitation_id, now, lock=True)
    if invitation is None:
        raise NotFound
    check_version(expected_version(), invitation.version)
    await withdraw_invitation(tx, invitation_id, now)
