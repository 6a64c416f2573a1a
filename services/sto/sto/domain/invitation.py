"""A one-time link that makes whoever follows it first an employee."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Self
from uuid import UUID

from sto.domain.employee import Employee
from sto.domain.errors import InvitationExpired, InvitationSpent
from sto.domain.permissions import StaffRole

LIFETIME: Final = timedelta(days=7)


def token_hash(token: str) -> bytes:
    """What is kept of a token. Its 256 random bits need no salt."""
    return sha256(token.encode()).digest()


@dataclass(frozen=True, slots=True)
class Invitation:
    """The role is fixed when the link is made; the token itself is known to its holder only."""

    id: UUID
    center_id: UUID
    role: StaffRole
    token_hash: bytes
    created_by: UUID
    created_at: datetime
    expires_at: datetime
    withdrawn_at: datetime | None = None
    accepted_by: UUID | None = None
    accepted_at: datetime | None = None

    def accepted(self, user_id: UUID, now: datetime, *, employee_id: UUID) -> tuple[Self, Employee]:
        """The spent invitation, and the employment that it makes."""
        if self.accepted_at is not None:
            raise InvitationSpent("This invitation was used before.")
        if self.withdrawn_at is not None or now >= self.expires_at:
            raise InvitationExpired("This invitation is no longer valid. Ask for another.")
        employee = Employee(employee_id, self.center_id, user_id, self.role, active=True, joined_at=now)
        return replace(self, accepted_by=user_id, accepted_at=now), employee
