"""The access that a car's owner gives to a center."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal, Self
from uuid import UUID

from sto.domain.errors import ExpiryRefused, LinkRefused, ScopesRefused

type LinkStatus = Literal["requested", "approved", "declined", "revoked", "expired"]
type LinkScope = Literal["odometer", "history_read", "create_visit"]
type LinkMove = Literal["approve", "decline", "revoke", "expire"]

SCOPES: Final[tuple[LinkScope, ...]] = ("odometer", "history_read", "create_visit")
REQUEST_LIFETIME: Final = timedelta(days=30)
"""How long an owner has to answer."""

LONGEST_ACCESS: Final = timedelta(days=3653)
"""An access with an end has it within ten years; one that is meant to last has none."""

TRANSITIONS: Final[Mapping[tuple[LinkStatus, LinkMove], LinkStatus]] = MappingProxyType(
    {
        ("requested", "approve"): "approved",
        ("requested", "decline"): "declined",
        ("requested", "expire"): "expired",
        ("approved", "revoke"): "revoked",
        ("approved", "expire"): "expired",
    }
)


@dataclass(frozen=True, slots=True)
class LinkedCar:
    """What this service knows of a car."""

    id: UUID
    owner_id: UUID
    make: str | None
    model: str | None
    plate: str | None
    archived: bool

    @property
    def label(self) -> str:
        """What people call the car: "Toyota Corolla А123ВС77"; its id's first digits when nothing is known."""
        return " ".join(part for part in (self.make, self.model, self.plate) if part) or f"#{self.id.hex[:8]}"


type AccessRole = Literal["viewer", "driver", "manager"]
"""What a car's owner lets somebody be in the car: each of them sees its links, a manager decides on them as well."""


@dataclass(frozen=True, slots=True)
class CarAccess:
    """Somebody with whom an owner shares a car. What has `ended` stays so."""

    id: UUID
    car_id: UUID
    owner_id: UUID
    user_id: UUID
    role: AccessRole
    expires_at: datetime | None
    ended: bool


@dataclass(frozen=True, slots=True)
class CarLink:
    """`expires_at` ends the access, None means until revoked. `sequence` counts its events, `version` its states."""

    id: UUID
    car_id: UUID
    owner_id: UUID
    car_label: str
    center_id: UUID
    scopes: tuple[LinkScope, ...]
    status: LinkStatus
    requested_by: UUID
    requested_at: datetime
    expires_at: datetime | None
    decided_at: datetime | None = None
    ended_at: datetime | None = None
    sequence: int = 1
    version: int = 1

    @property
    def due_at(self) -> datetime | None:
        """When it expires by itself if nobody does anything."""
        if self.status == "requested":
            answer_by = self.requested_at + REQUEST_LIFETIME
            return answer_by if self.expires_at is None else min(answer_by, self.expires_at)
        return self.expires_at if self.status == "approved" else None

    def approved(self, scopes: tuple[LinkScope, ...] | None, now: datetime) -> Self:
        """With the requested scopes granted, or with fewer of them."""
        status = self._after("approve", now)
        granted = self.scopes if scopes is None else in_order(scopes)
        if not set(granted) <= set(self.scopes):
            raise ScopesRefused("An approval grants no more than was asked for.")
        return self._next(status, scopes=granted, decided_at=now)

    def declined(self, now: datetime) -> Self:
        """With the owner's no."""
        return self._next(self._after("decline", now), decided_at=now, ended_at=now)

    def revoked(self, now: datetime) -> Self:
        """With the access taken back at once."""
        return self._next(self._after("revoke", now), ended_at=now)

    def owner_gone(self, now: datetime) -> Self:
        """After its owner parted with the car: an access is taken back, a request has nobody to answer it."""
        move: LinkMove = "decline" if self.status == "requested" else "revoke"
        return self._next(_after(self.status, move), ended_at=now)

    def expired(self, now: datetime) -> Self:
        """With its time over."""
        return self._next(_after(self.status, "expire"), ended_at=now)

    def _after(self, move: LinkMove, now: datetime) -> LinkStatus:
        status = _after(self.status, move)
        if self.due_at is not None and now >= self.due_at:
            raise LinkRefused("expired", move)
        return status

    def _next(self, status: LinkStatus, **changes: object) -> Self:
        return replace(
            self,
            status=status,
            sequence=self.sequence + 1,
            version=self.version + 1,
            **changes,  # type: ignore[arg-type]
        )


def _after(status: LinkStatus, move: LinkMove) -> LinkStatus:
    try:
        return TRANSITIONS[status, move]
    except KeyError:
        raise LinkRefused(status, move) from None


def in_order(scopes: tuple[LinkScope, ...]) -> tuple[LinkScope, ...]:
    """Each scope once, in a fixed order; ScopesRefused when there is none."""
    if not scopes:
        raise ScopesRefused("Name at least one scope.")
    return tuple(scope for scope in SCOPES if scope in scopes)


def request(
    car: LinkedCar,
    *,
    link_id: UUID,
    center_id: UUID,
    scopes: tuple[LinkScope, ...],
    requested_by: UUID,
    now: datetime,
    expires_at: datetime | None,
) -> CarLink:
    """A link that waits for the car's owner; raises ScopesRefused and ExpiryRefused."""
    if expires_at is not None and not now < expires_at <= now + LONGEST_ACCESS:
        raise ExpiryRefused("Access must end in the future, and within ten years.")
    return CarLink(
        id=link_id,
        car_id=car.id,
        owner_id=car.owner_id,
        car_label=car.label,
        center_id=center_id,
        scopes=in_order(scopes),
        status="requested",
        requested_by=requested_by,
        requested_at=now,
        expires_at=None if expires_at is None else expires_at.astimezone(UTC),
    )
