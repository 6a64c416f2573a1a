"""What became of something that was asked: an estimate's jobs, a center's request for access."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

LINK_VERSION = 1
"""A request for access is made once; its answers all have this version."""

AUTHORISED = "authorised"
DECLINED = "declined"


class Outcome(StrEnum):
    """How a question ended, or as far as it was answered."""

    APPROVED = "approved"
    DECLINED = "declined"
    PARTLY = "partly"
    CLOSED = "closed"


class MadeBy(StrEnum):
    """Who answered; nobody, when the question ran out or was taken back."""

    OWNER = "owner"
    STAFF = "staff"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Decision:
    """One answer. `id` makes it once only; `version` is that of the estimate that was asked about."""

    id: UUID
    subject_id: UUID
    version: int
    outcome: Outcome
    made_by: MadeBy
    decided_at: datetime
    jobs: Mapping[UUID, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a question stands: the last answer, and what was decided job by job."""

    last: Decision | None = None
    jobs: Mapping[UUID, str] = field(default_factory=dict)

    @classmethod
    def of(cls, decisions: Iterable[Decision], version: int) -> Standing:
        """From the answers on one subject, of which those on other versions do not count."""
        counted = sorted((each for each in decisions if each.version == version), key=lambda each: each.decided_at)
        if not counted:
            return cls()
        return cls(counted[-1], {job: choice for each in counted for job, choice in each.jobs.items()})

    @property
    def untouched(self) -> bool:
        """Whether nobody has answered yet."""
        return self.last is None

    @property
    def closed(self) -> bool:
        """Whether the question was taken back or ran out."""
        return self.last is not None and self.last.outcome is Outcome.CLOSED

    def open_jobs(self, asked: Iterable[UUID]) -> list[UUID]:
        """The jobs that can still be decided, in the order asked."""
        return [] if self.closed else [job for job in asked if job not in self.jobs]


def outcome_of(choices: Iterable[str]) -> Outcome:
    """All authorised, all declined, or some of each."""
    kinds = set(choices)
    if kinds == {AUTHORISED}:
        return Outcome.APPROVED
    return Outcome.DECLINED if kinds == {DECLINED} else Outcome.PARTLY
