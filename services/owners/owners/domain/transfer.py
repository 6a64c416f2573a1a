"""How a car changes hands: its owner offers it, somebody else accepts."""

# ruff: noqa: N818 -- errors are named for the rules that they stand for, as in errors.py

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Self
from uuid import UUID

from owners.domain.errors import DomainError

LIFETIME: Final = timedelta(days=7)


class OwnCar(DomainError):
    """Nobody takes over the own car."""


class TransferOffered(DomainError):
    """One offer at a time."""


class TransferSettled(DomainError):
    """Somebody has accepted the offer."""


class TransferOver(DomainError):
    """The offer is too old, or was withdrawn."""


class UnknownRecipient(DomainError):
    """Only somebody with whom the car is shared can be named; everybody else gets the link."""


@dataclass(frozen=True, slots=True)
class CarTransfer:
    """An offer, made to one person (`recipient_id`) or to whoever holds the one-time link (`token_hash`).

    `sold_on`, the last day of the old owner's time, is None for the day of the acceptance. The price, in minor units,
    is the old owner's own business and ends the depreciation.
    """

    id: UUID
    car_id: UUID
    owner_id: UUID
    car_label: str | None
    recipient_id: UUID | None
    token_hash: bytes | None
    sold_on: date | None
    price_minor: int | None
    price_currency: str | None
    created_at: datetime
    expires_at: datetime
    accepted_by: UUID | None = None
    accepted_at: datetime | None = None
    withdrawn_at: datetime | None = None

    @property
    def version(self) -> int:
        """For If-Match: an offer that is open has never changed."""
        return 1

    def is_open(self, now: datetime) -> bool:
        """Whether it can still be accepted."""
        return self.accepted_at is None and self.withdrawn_at is None and now < self.expires_at

    def accepted(self, user_id: UUID, now: datetime) -> Self:
        """The settled offer; raises OwnCar, TransferSettled, TransferOver."""
        if user_id == self.owner_id:
            raise OwnCar("This is your own car. Send the link to the person who gets it.")
        if self.accepted_at is not None:
            raise TransferSettled("This offer was accepted before.")
        if not self.is_open(now):
            raise TransferOver("This offer is no longer valid. Ask the owner for another.")
        return replace(self, accepted_by=user_id, accepted_at=now)
