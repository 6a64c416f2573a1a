"""What stays on record: status changes and snapshots."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.http import ApiModel
from contracts.workorders import Snapshot
from workorders.api.fields import Sha256
from workorders.db.snapshots import StoredSnapshot
from workorders.domain.people import ActingRole
from workorders.domain.status import Status
from workorders.queries import StatusChange


class StatusChangeResponse(ApiModel):
    """One change of status; `actor_id` is null for a timer."""

    id: UUID
    sequence: int
    from_status: Status | None
    to_status: Status
    actor_id: UUID | None
    role: ActingRole
    reason: str | None
    occurred_at: datetime


class SnapshotResponse(ApiModel):
    """A snapshot with its hash."""

    sha256: Sha256
    snapshot: Snapshot


def change_response(change: StatusChange) -> StatusChangeResponse:
    """A line of the history."""
    return StatusChangeResponse.model_validate(change, from_attributes=True)


def snapshot_body(stored: StoredSnapshot) -> bytes:
    """A SnapshotResponse in which the snapshot is the very text that was hashed."""
    return f'{{"sha256":"{stored.sha256}","snapshot":{stored.content}}}'.encode()
