"""A center invites somebody by a one-time link."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from sto.commands.authorisation import staff_of_locked
from sto.db.employees import insert_invitation
from sto.domain.invitation import LIFETIME, Invitation, token_hash
from sto.domain.permissions import StaffRole, inviting

_TOKEN_BYTES: Final = 32


async def invite_employee(
    tx: Transaction, *, center_id: UUID, caller_id: UUID, role: StaffRole, now: datetime
) -> tuple[Invitation, str]:
    """The invitation and its token, which is told here and never again."""
    # The lock orders this against the inviter's own deactivation, which withdraws what he has sent.
    await staff_of_locked(tx, center_id, caller_id, inviting(role))
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    invitation = Invitation(
        id=new_id(),
        center_id=center_id,
        role=role,
        token_hash=token_hash(token),
        created_by=caller_id,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    await insert_invitation(tx, invitation)
    return invitation, token
