"""Rival claims to one VIN or frame number: what a moderator may decide, and what becomes of the cars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from owners.domain.car import Car, IdentityKind
from owners.domain.errors import DomainError

type Ruling = Literal["confirm", "reject"]


class OwnIdentity(DomainError):  # noqa: N818 -- as in errors.py
    """Nobody decides about a car in which they have a part."""


class NothingToDecide(DomainError):  # noqa: N818
    """The identity is not in a state in which this can be decided."""


class IdentityTaken(DomainError):  # noqa: N818
    """Another car has the identity, and no service center named this one by it."""


class IdentityMoved(DomainError):  # noqa: N818
    """Somebody else decided about the same identity meanwhile."""


@dataclass(frozen=True, slots=True)
class IdentityDecision:
    """One act of a moderator. It never changes. `rival_id`: the car that had the identity; `car_version`: after it."""

    id: UUID
    car_id: UUID
    kind: IdentityKind
    number: str
    ruling: Ruling
    rival_id: UUID | None
    moderator_id: UUID
    reason: str
    decided_at: datetime
    car_version: int


class Ruled(NamedTuple):
    """The cars after a decision. `loser`: the car from which a confirmation took the identity."""

    car: Car
    loser: Car | None


def rule(car: Car, holder: Car | None, ruling: Ruling, now: datetime) -> Ruled:
    """What becomes of a car, and of the other car that holds its identity.

    Raises NothingToDecide, IdentityTaken, IdentityMoved.
    """
    status = car.identity_status
    if car.identity is None:
        raise NothingToDecide("This car has neither a VIN nor a frame number.")
    if status == "confirmed":
        raise NothingToDecide("This car has the identity already.")
    if ruling == "reject" and (status != "disputed" or holder is None):
        raise NothingToDecide("Only an identity that another car has can be rejected, and only while it is disputed.")
    if holder is not None and not holder.identity_confirmed:
        raise IdentityMoved("The identity has gone to another car meanwhile. Look at the claims again.")
    if ruling == "reject":
        return Ruled(car.ruled(confirmed=False, now=now), None)
    if holder is not None and status == "unconfirmed":
        raise IdentityTaken("Another car has this identity, and no completed work order names this one by it.")
    return Ruled(car.ruled(confirmed=True, now=now), None if holder is None else holder.ruled(confirmed=False, now=now))
