"""The states of an order, of a job and of an estimate version."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Where an order stands."""

    DRAFT = "draft"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    DECLINED = "declined"
    IN_PROGRESS = "in_progress"
    WAITING_PARTS = "waiting_parts"
    ON_HOLD = "on_hold"
    QUALITY_CHECK = "quality_check"
    READY = "ready"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


FINAL = frozenset({Status.COMPLETED, Status.CANCELLED})
"""Nothing leaves these states, and nothing in an order changes any more."""

WORK_AGREED = frozenset({Status.APPROVED, Status.IN_PROGRESS, Status.WAITING_PARTS, Status.ON_HOLD})
"""Work is agreed or under way: authorised jobs go on while added ones are put to the owner."""


class JobStatus(StrEnum):
    """Where a job stands with the car's owner."""

    PROPOSED = "proposed"
    SENT = "sent"
    AUTHORISED = "authorised"
    DECLINED = "declined"
    VOID = "void"


class EstimateState(StrEnum):
    """Whether an estimate version can be decided."""

    OPEN = "open"
    DECIDED = "decided"
    SUPERSEDED = "superseded"
