"""An owner gives somebody another role, or another end of the access."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.db import Transaction
from chassis.problems import NotFound, check_version
from chassis.timers import Timers
from owners import events
from owners.commands.access import lock_car_for
from owners.commands.end_access import ACCESS_EXPIRY
from owners.db.access import find_grant, save_grant
from owners.domain.access import Right
from owners.domain.sharing import AccessGrant
from owners.events import By


async def change_access(
    tx: Transaction,
    timers: Timers,
    car_id: UUID,
    grant_id: UUID,
    changes: dict[str, Any],
    *,
    caller_id: UUID,
    expected_version: Callable[[], int],
    now: datetime,
) -> AccessGrant:
    """The grant after the change; `changes` holds `role`, `expires_at`, or both. Raises AccessEndsInPast."""
    _, person = await lock_car_for(tx, car_id, caller_id, Right.MANAGE_ACCESS)
    grant = await find_grant(tx, car_id, grant_id, lock=True)
    if grant is None:
        raise NotFound
    check_version(expected_version(), grant.version)
    changed = grant.changed(changes.get("role", grant.role), changes.get("expires_at", grant.expires_at), now)
    if changed is grant:
        return grant
    await save_grant(tx, changed)
    tx.record(events.access_changed(changed, By.person(person, now)))
    if changed.expires_at is None:
        await timers.cancel(tx, ACCESS_EXPIRY, changed.id)
    else:
        await timers.schedule(tx, ACCESS_EXPIRY, changed.id, changed.expires_at)
    return changed
