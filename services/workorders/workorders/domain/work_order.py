"""The work order (ServiceVisit): the aggregate. What can be done with it is in the modules beside, one each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from workorders.domain.errors import InvalidInput, UnknownJob
from workorders.domain.estimate import Estimate
from workorders.domain.facts import Fact, Recorded
from workorders.domain.job import Job
from workorders.domain.lines import text_bytes
from workorders.domain.money import Amounts, Pricing, sum_of
from workorders.domain.people import Actor, Capacity, Person
from workorders.domain.permissions import Action, permit
from workorders.domain.status import JobStatus, Status

MAX_LINES: Final = 300
MAX_JOBS: Final = 100
MAX_TEXT_BYTES: Final = 200_000
"""Titles and line texts together: with these three bounds the event of a completion stays below 512 KB."""


@dataclass(slots=True, kw_only=True)
class WorkOrder:
    """One visit of a car to a center. `version` is the ETag's; `sequence` counts the facts, without gaps."""

    id: UUID
    number: int
    center_id: UUID
    center_name: str
    car_id: UUID
    car_label: str
    owner_id: UUID
    pricing: Pricing
    four_eyes: bool
    related_party: bool
    complaint: str | None
    opened_at: datetime
    status: Status = Status.DRAFT
    jobs: list[Job] = field(default_factory=list)
    estimate: Estimate | None = None
    tolerance_minor: int = 0
    submitted_for_check_by: UUID | None = None
    closed_at: datetime | None = None
    version: int = 1
    sequence: int = 0

    # -- who ---------------------------------------------------------------------------------------------------

    @property
    def mechanic_ids(self) -> frozenset[UUID]:
        """Who is assigned: the mechanics of its labor lines."""
        lines = (line for job in self.jobs for line in job.labor)
        return frozenset(line.terms.mechanic_id for line in lines if line.terms.mechanic_id is not None)

    def permit(self, person: Person, action: Action) -> Actor:
        """How the person's act is recorded; raises NotPermitted, WrongState or OrderClosed."""
        return person.acting_as(permit(action, self.status, self._capacities(person)))

    def _capacities(self, person: Person) -> list[Capacity]:
        """What the person is to this order: staff first, so that staff who have the car act as staff where they can."""
        capacities = [Capacity(person.staff_role)] if person.staff_role else []
        if person.staff_role and person.user_id in self.mechanic_ids:
            capacities = [each for each in capacities if each is not Capacity.MECHANIC]
            capacities.append(Capacity.ASSIGNED_MECHANIC)
        if person.owns_car:
            capacities.append(Capacity.CAR_OWNER)
        if person.shared_as == "manager":
            capacities.append(Capacity.CAR_MANAGER)
        return capacities

    # -- what --------------------------------------------------------------------------------------------------

    def job(self, job_id: UUID) -> Job:
        """Raises UnknownJob."""
        for job in self.jobs:
            if job.id == job_id:
                return job
        raise UnknownJob("The work order has no such job.")

    def jobs_in(self, *statuses: JobStatus) -> list[Job]:
        """Its jobs in these states."""
        return [job for job in self.jobs if job.status in statuses]

    @property
    def line_count(self) -> int:
        """Labor and product lines."""
        return sum(len(job.labor) + len(job.products) for job in self.jobs)

    def require_room(self, *, jobs: int = 0, lines: int = 0, texts: tuple[str, ...] = (), freed: int = 0) -> None:
        """Raises InvalidInput when the order cannot take more; `freed` bytes of text make place for the new."""
        if len(self.jobs) + jobs > MAX_JOBS:
            raise InvalidInput(f"A work order has at most {MAX_JOBS} jobs.", field="", code="too_many_jobs")
        if self.line_count + lines > MAX_LINES:
            raise InvalidInput(f"A work order has at most {MAX_LINES} lines.", field="", code="too_many_lines")
        if sum(text_bytes(text) for text in self._texts()) - freed + text_bytes(*texts) > MAX_TEXT_BYTES:
            raise InvalidInput("The work order holds too much text.", field="", code="too_much_text")

    def _texts(self) -> Iterator[str]:
        for job in self.jobs:
            yield job.title
            for line in job.lines:
                yield from line.terms.texts

    # -- money -------------------------------------------------------------------------------------------------

    @property
    def amounts(self) -> Amounts:
        """What the authorised jobs come to now: the bill."""
        return sum_of(job.amounts(self.pricing) for job in self.jobs_in(JobStatus.AUTHORISED))

    @property
    def authorised_minor(self) -> int:
        """What the owner agreed to pay for them."""
        return sum(job.authorised_minor for job in self.jobs)

    @property
    def exceeds_authorised(self) -> bool:
        """Whether the bill is above what was authorised and the tolerance agreed with it."""
        return self.amounts.total > self.authorised_minor + self.tolerance_minor

    # -- what happened -----------------------------------------------------------------------------------------

    def record(
        self, fact: Fact, *, by: Actor, at: datetime, to: Status | None = None, reason: str | None = None
    ) -> Recorded:
        """Gives the fact its place, and moves the order when the fact does."""
        previous = self.status if self.sequence else None
        self.status = to or self.status
        self.sequence += 1
        return Recorded(
            sequence=self.sequence, at=at, by=by, previous=previous, status=self.status, reason=reason, fact=fact
        )
