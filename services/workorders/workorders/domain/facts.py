"""What happened to an order. Behaviours return these; they are stored as history and published as events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from workorders.domain.decision import Decision
from workorders.domain.estimate import Document, Estimate, OfferedJob
from workorders.domain.people import Actor
from workorders.domain.status import Status

type SupersedeReason = Literal["withdrawn", "expired", "replaced", "cancelled"]


@dataclass(frozen=True, slots=True)
class Opened:
    """A draft was opened for a linked car."""


@dataclass(frozen=True, slots=True)
class EstimateSent:
    """A version was frozen, hashed and put to the car's owner."""

    estimate: Estimate
    document: Document
    jobs: tuple[OfferedJob, ...]


@dataclass(frozen=True, slots=True)
class EstimateSuperseded:
    """The version can no longer be decided."""

    version: int
    why: SupersedeReason


@dataclass(frozen=True, slots=True)
class EstimateDecided:
    """Some of a version's jobs were decided; `closed` when none of them is left."""

    version: int
    decisions: tuple[Decision, ...]
    closed: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """The order moved between states that have no fact of their own."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The order ended before completion."""


@dataclass(frozen=True, slots=True)
class Completed:
    """The work is done and handed over."""


type Fact = Opened | EstimateSent | EstimateSuperseded | EstimateDecided | Moved | Cancelled | Completed


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A fact with its place in the order's life: `sequence` is gap-free, `previous` is None for the first."""

    sequence: int
    at: datetime
    by: Actor
    previous: Status | None
    status: Status
    reason: str | None
    fact: Fact

    @property
    def is_transition(self) -> bool:
        """Whether the order changed its state."""
        return self.previous is not self.status
