"""Every event becomes a row of its tenant's audit chain, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any
from uuid import UUID

import rfc8785

from chassis.consuming import Received
from chassis.db import Transaction
from contracts.event import Event
from trust.db import audit
from trust.domain.audit_chain import link_hash

PLATFORM = UUID(int=0)
"""The tenant of what belongs to no service center."""

_PERSONS = ("user_id", "owner_id", "grantee_id")
_ENVELOPE = {"sequence", "occurred_at"}


async def append_audit(tx: Transaction, batch: Sequence[Received[Any]]) -> None:
    """Append what is not in the log yet, in the order of arrival."""
    known = await audit.known_events(tx, [received.id for received in batch])
    new = [received for received in batch if received.id not in known]
    if not new:
        return
    heads = await audit.lock_heads(tx, list({tenant_of(received.event) for received in new}))
    rows = []
    for received in new:
        tenant = tenant_of(received.event)
        height, previous = heads[tenant]
        row = _row(received, tenant, height + 1, previous)
        heads[tenant] = (row["height"], row["hash"])
        rows.append(row)
    await audit.append(tx, rows, heads)


def tenant_of(event: Event) -> UUID:
    """The center in whose chain the event is told."""
    center: UUID | None = getattr(event, "center_id", None)
    return center or PLATFORM


def canonical_record(row: Mapping[str, Any], details: Mapping[str, Any]) -> bytes:
    """RFC 8785 JSON of everything that the columns say, and of what was done."""
    return rfc8785.dumps(
        {
            "tenant": str(row["tenant"]),
            "height": row["height"],
            "event_id": str(row["event_id"]),
            "occurred_at": row["occurred_at"].isoformat(),
            "action": row["action"],
            "subject": row["subject"],
            "actor_id": None if row["actor_id"] is None else str(row["actor_id"]),
            "actor_role": row["actor_role"],
            "concerns": [str(user_id) for user_id in row["concerns"]],
            **details,
        }
    )


def _row(received: Received[Any], tenant: UUID, height: int, previous: bytes) -> dict[str, Any]:
    event: Event = received.event
    concerns = {getattr(event, name, None) for name in _PERSONS} | {event.actor.user_id}
    row: dict[str, Any] = {
        "tenant": tenant,
        "height": height,
        "event_id": received.id,
        "occurred_at": event.occurred_at.astimezone(UTC),
        "action": event.event_type,
        "subject": event.subject,
        "actor_id": event.actor.user_id,
        "actor_role": event.actor.role,
        "concerns": sorted(user_id for user_id in concerns if user_id is not None),
    }
    row["record"] = canonical_record(row, _details(received))
    row["previous"] = previous
    row["hash"] = link_hash(previous, row["record"])
    return row


def _details(received: Received[Any]) -> dict[str, Any]:
    """Where from, its trace, and the event's plain fields; lists and the snapshot are left to their own hashes."""
    fields = received.event.model_dump(mode="json", exclude=_ENVELOPE | {"actor", "snapshot"})
    return {
        "source": received.event.event_type.partition(".")[0],
        "trace_id": received.traceparent.split("-")[1] if received.traceparent else None,
        "data": {name: value for name, value in fields.items() if not isinstance(value, list | dict | float)},
    }
