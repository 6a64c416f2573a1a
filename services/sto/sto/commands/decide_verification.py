"""A moderator takes an application, or rules on one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from chassis.ids import new_id
from chassis.problems import NotFound
from sto import events
from sto.commands.authorisation import demand_outsider
from sto.db.centers import lock_center, save_center
from sto.db.verifications import MODERATORS, find_application, insert_decision
from sto.domain.center import ServiceCenter
from sto.domain.verification import Decision, Ruling, VerificationMove


async def take_verification(tx: Transaction, *, application_id: UUID, moderator_id: UUID, now: datetime) -> UUID:
    """The moderator reviews this application from now on, also when another did before. Returns the center's id."""

    def take(center: ServiceCenter) -> ServiceCenter:
        return center.taken(application_id, moderator_id)

    return await _move(tx, application_id, moderator_id, move="take", reason=None, now=now, change=take)


async def decide_verification(
    tx: Transaction,
    *,
    application_id: UUID,
    moderator_id: UUID,
    ruling: Ruling,
    reason: str | None,
    now: datetime,
) -> UUID:
    """The center's verification is as the moderator rules. Returns the center's id."""

    def rule(center: ServiceCenter) -> ServiceCenter:
        return center.ruled(application_id, ruling, moderator_id, reason)

    return await _move(tx, application_id, moderator_id, move=ruling, reason=reason, now=now, change=rule)


async def _move(
    tx: Transaction,
    application_id: UUID,
    moderator_id: UUID,
    *,
    move: VerificationMove,
    reason: str | None,
    now: datetime,
    change: Callable[[ServiceCenter], ServiceCenter],
) -> UUID:
    await MODERATORS.demand(tx, moderator_id)
    center = await _lock_center_of(tx, application_id)
    await demand_outsider(tx, center.id, moderator_id)
    changed = change(center)
    decision = Decision(
        id=new_id(),
        application_id=application_id,
        center_id=center.id,
        move=move,
        previous=center.verification,
        status=changed.verification,
        moderator_id=moderator_id,
        reason=reason,
        decided_at=now,
    )
    await insert_decision(tx, decision)
    await save_center(tx, changed)
    by = events.actor(moderator_id, "moderator")
    tx.record(events.verification_changed(changed, by, now, previous=center.verification, reason=reason))
    return center.id


async def _lock_center_of(tx: Transaction, application_id: UUID) -> ServiceCenter:
    application = await find_application(tx, application_id)
    if application is None:
        raise NotFound
    # Against joining: who is about to become staff of the center must not decide about it a moment before.
    center = await lock_center(tx, application.center_id, against_joining=True)
    if center is None:
        raise NotFound
    return center
