"""How a car comes to be shared: a one-time link, and the grant that it makes."""

# ruff: noqa: N818 -- errors are named for the rules that they stand for, as in errors.py

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Literal, Self
from uuid import UUID

from owners.domain.access import GrantedRole
from owners.domain.errors import DomainError

type Ending = Literal["revoked", "left", "expired", "erased", "transferred"]

LIFETIME: Final = timedelta(days=7)


class InvitationSpent(DomainError):
    """Somebody has used the link."""


class InvitationExpired(DomainError):
    """The link is too old, or was withdrawn."""


class OwnInvitation(DomainError):
    """An owner needs no access to the own car."""


class AlreadyShared(DomainError):
    """The car is shared with this person already."""


class AccessEndsInPast(DomainError):
    """Access cannot end before it begins."""


def token_hash(token: str) -> bytes:
    """What is kept of a token. Its 256 random bits need no salt."""
    return sha256(token.encode()).digest()


def check_future(until: datetime | None, now: datetime) -> None:
    """Raises AccessEndsInPast."""
    if until is not None and until <= now:
        raise AccessEndsInPast("Access can end in the future only.")


@dataclass(frozen=True, slots=True)
class AccessGrant:
    """One person's access to one car; `sequence` counts its events."""

    id: UUID
    car_id: UUID
    owner_id: UUID
    grantee_id: UUID
    role: GrantedRole
    expires_at: datetime | None
    granted_at: datetime
    ended_at: datetime | None = None
    ended_because: Ending | None = None
    sequence: int = 1
    version: int = 1

    def has_expired(self, now: datetime) -> bool:
        """Whether its time is over, told already or not."""
        return self.expires_at is not None and self.expires_at <= now

    def changed(self, role: GrantedRole, expires_at: datetime | None, now: datetime) -> Self:
        """With another role or end; itself when nothing differs; raises AccessEndsInPast."""
        if (role, expires_at) == (self.role, self.expires_at):
            return self
        check_future(expires_at, now)
        return replace(self, role=role, expires_at=expires_at, sequence=self.sequence + 1, version=self.version + 1)

    def ended(self, because: Ending, now: datetime) -> Self:
        """Over."""
        return replace(self, ended_at=now, ended_because=because, sequence=self.sequence + 1, version=self.version + 1)


@dataclass(frozen=True, slots=True)
class AccessInvitation:
    """Role and end of the access are fixed when the link is made; the token is known to its holder only."""

    id: UUID
    car_id: UUID
    owner_id: UUID
    role: GrantedRole
    access_until: datetime | None
    token_hash: bytes
    created_at: datetime
    expires_at: datetime
    accepted_by: UUID | None = None
    accepted_at: datetime | None = None
    withdrawn_at: datetime | None = None

    @property
    def version(self) -> int:
        """For If-Match: an invitation that is open has never changed."""
        return 1

    @classmethod
    def made(
        cls,
        invitation_id: UUID,
        *,
        car_id: UUID,
        owner_id: UUID,
        role: GrantedRole,
        access_until: datetime | None,
        token_hash: bytes,
        now: datetime,
    ) -> Self:
        """A new one; raises AccessEndsInPast. It never outlives the access that it is for."""
        check_future(access_until, now)
        expires_at = now + LIFETIME if access_until is None else min(now + LIFETIME, access_until)
        return cls(invitation_id, car_id, owner_id, role, access_until, token_hash, now, expires_at)

    def is_open(self, now: datetime) -> bool:
        """Whether somebody can still accept it."""
        return self.accepted_at is None and self.withdrawn_at is None and now < self.expires_at

    def accepted(self, user_id: UUID, now: datetime, *, grant_id: UUID) -> tuple[Self, AccessGrant]:
        """The spent invitation, and the access that it makes."""
        if user_id == self.owner_id:
            raise OwnInvitation("This is your own car. Send the link to the person you want to share it with.")
        if self.accepted_at is not None:
            raise InvitationSpent("This invitation was used before. Ask the owner for another.")
        if not self.is_open(now):
            raise InvitationExpired("This invitation is no longer valid. Ask the owner for another.")
        grant = AccessGrant(grant_id, self.car_id, self.owner_id, user_id, self.role, self.access_until, now)
        return replace(self, accepted_by=user_id, accepted_at=now), grant
