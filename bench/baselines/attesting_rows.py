"""The rows of `bench.baselines.attesting`, in the order of their statements' arguments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from chassis.ids import derived_id, new_id
from contracts.event import Event
from contracts.workorders import WorkOrderCompleted

type Attested = tuple[UUID, WorkOrderCompleted]


def lines(event: WorkOrderCompleted) -> list[dict[str, Any]]:
    """What was done and fitted."""
    found = []
    for job in event.snapshot.jobs:
        found += [{"title": one.operation, "kind": "labor", "amount_minor": one.total_minor} for one in job.labor]
        found += [{"title": one.name, "kind": one.kind, "amount_minor": one.total_minor} for one in job.products]
    return found


def entry(attested: Attested, owner_of: dict[UUID, UUID]) -> Sequence[object]:
    """The arguments of SERVICE_ENTRIES."""
    event_id, event = attested
    snapshot, total = event.snapshot, event.snapshot.totals
    due = [line.next_service for job in snapshot.jobs for line in job.labor]
    due += [line.next_service for job in snapshot.jobs for line in job.products]
    return (
        derived_id(event_id, "service-entry"),
        event.car_id,
        owner_of[event.car_id],
        date.fromisoformat(snapshot.completed_on),
        snapshot.center.time_zone,
        snapshot.center.name,
        orjson.dumps(lines(event)).decode(),
        total.currency,
        total.total_minor,
        min((each.km for each in due if each and each.km is not None), default=None),
        min((each.months for each in due if each and each.months is not None), default=None),
        snapshot.completed_by,
        event.center_id,
        event.work_order_id,
        event.number,
        event.revision,
        event.snapshot_sha256,
        event.occurred_at,
    )


def expense(attested: Attested, owner_of: dict[UUID, UUID]) -> Sequence[object]:
    """The arguments of EXPENSES."""
    event_id, event = attested
    snapshot, total = event.snapshot, event.snapshot.totals
    return (
        derived_id(event_id, "expense"),
        event.car_id,
        owner_of[event.car_id],
        date.fromisoformat(snapshot.completed_on),
        snapshot.center.time_zone,
        total.total_minor,
        total.currency,
        derived_id(event_id, "service-entry"),
        snapshot.completed_by,
        event.center_id,
        event.work_order_id,
        event.revision,
        event.snapshot_sha256,
        event.occurred_at,
    )


def outbox_row(event: Event) -> Sequence[object]:
    """The arguments of OUTBOX."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(new_id()),
        "ce_source": "/carpass/owners",
        "ce_type": event.event_type,
        "ce_subject": event.subject,
        "ce_time": event.occurred_at.isoformat(),
        "content-type": "application/json",
    }
    payload = event.__pydantic_serializer__.to_json(event)
    return event.topic, event.key.encode(), orjson.dumps(headers).decode(), payload


def columns(rows: Sequence[Sequence[object]]) -> list[list[object]]:
    """Rows as one array per column."""
    return [list(column) for column in zip(*rows, strict=True)]
