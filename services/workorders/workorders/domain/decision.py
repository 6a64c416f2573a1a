"""What was decided about a job, by whom and on what evidence. Decisions are never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from workorders.domain.money import Money
from workorders.domain.people import Actor


class Choice(StrEnum):
    """The owner's answer for one job."""

    AUTHORISED = "authorised"
    DECLINED = "declined"


type Channel = Literal["owner", "phone", "in_person", "message"]
"""How the answer came: "owner" is through CarPass, from the owner or a manager of the car; the rest staff recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What staff note about consent given outside CarPass. It names nobody: the recorder is known by id.

    `added_cost` and `revised_total` are what the consenting person was told, tax included.
    """

    channel: Channel
    given_by: Literal["owner", "representative"]
    given_at: datetime
    reason: str
    added_cost: Money
    revised_total: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One job's answer, on one estimate version."""

    job_id: UUID
    title: str
    choice: Choice
    estimate_version: int
    estimate_sha256: str
    total_minor: int
    decided_at: datetime
    decided_by: Actor
    evidence: Evidence | None

    @property
    def channel(self) -> Channel:
        """How the answer came."""
        return self.evidence.channel if self.evidence else "owner"
