"""A moderator decides whose a VIN or frame number is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from chassis.problems import NotFound, check_version
from owners import events
from owners.db.moderation import MODERATORS, has_part_in, lock_claimants, settle_identity
from owners.domain.car import Car
from owners.domain.identity_decision import IdentityDecision, IdentityMoved, OwnIdentity, Ruled, Ruling, rule
from owners.events import By

_MOVED: Final = "The number has gone to another car meanwhile. Look at the claims again."


async def decide_identity(
    tx: Transaction,
    car_id: UUID,
    ruling: Ruling,
    reason: str,
    *,
    seen_holder_id: UUID | None,
    moderator_id: UUID,
    expected_version: Callable[[], int],
    now: datetime,
) -> None:
    """Confirms a car's identity, taking it from who has it, or leaves it where it is and rejects this car's claim.

    `seen_holder_id`: the other car that had it when the moderator looked.
    Raises Forbidden, NotFound, OwnIdentity, NothingToDecide, IdentityTaken, IdentityMoved.
    """
    await MODERATORS.demand(tx, moderator_id)
    car, holder = await lock_claimants(tx, car_id)
    if car is None or car.identity is None:
        raise NotFound
    kind, number = car.identity
    await _demand_outsider(tx, (car, holder), number)
    check_version(expected_version(), car.version)
    after = rule(car, holder, ruling, now)
    _demand_unmoved(holder, seen_holder_id)
    decision = IdentityDecision(
        id=new_id(),
        car_id=car.id,
        kind=kind,
        number=number,
        ruling=ruling,
        rival_id=seen_holder_id,
        moderator_id=moderator_id,
        reason=reason,
        decided_at=now,
        car_version=after.car.version,
    )
    if not await settle_identity(tx, decision):
        raise IdentityMoved(_MOVED)
    _tell(tx, decision, after)


def _demand_unmoved(holder: Car | None, seen_holder_id: UUID | None) -> None:
    if seen_holder_id != (None if holder is None else holder.id):
        raise IdentityMoved(_MOVED)


def _tell(tx: Transaction, decision: IdentityDecision, after: Ruled) -> None:
    by = By.moderator(decision.moderator_id, decision.decided_at)
    for one in after:
        if one is not None:
            tx.record(events.car_identity_decided(one, decision.id, by))


async def _demand_outsider(tx: Transaction, cars: Iterable[Car | None], number: str) -> None:
    if await has_part_in(tx, [one.id for one in cars if one is not None], number):
        raise OwnIdentity("You have a part in one of these cars. Another moderator must decide.")
