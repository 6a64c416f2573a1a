"""Estimate versions, and the answers to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import orjson
from pydantic import AwareDatetime, Field, field_validator

from chassis.http import ApiModel
from workorders.api.fields import Money, Reason, Sha256
from workorders.commands.send_estimate import Offer
from workorders.domain.decision import Choice, Evidence
from workorders.domain.status import EstimateState
from workorders.domain.work_order import MAX_JOBS
from workorders.queries import SentEstimate

_CHOICES: Final = {"authorise": Choice.AUTHORISED, "decline": Choice.DECLINED}


class SendEstimateRequest(ApiModel):
    """`discount` is spread over the lines that are sent. Without `tolerance` what was agreed before goes on."""

    discount: Money | None = None
    tolerance: Annotated[Money | None, Field(description="by how much the bill may exceed what is authorised")] = None

    def offer(self) -> Offer:
        """As the use case takes it."""
        return Offer(
            discount=self.discount.to_domain() if self.discount else None,
            tolerance=self.tolerance.to_domain() if self.tolerance else None,
        )


PLAIN_OFFER: Final = SendEstimateRequest()


class JobDecisionRequest(ApiModel):
    """The answer for one job."""

    job_id: UUID
    decision: Literal["authorise", "decline"]


class DecisionsRequest(ApiModel):
    """Answers for jobs of an estimate version, one for each. Jobs that are left out stay open."""

    estimate_version: Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
    decisions: Annotated[tuple[JobDecisionRequest, ...], Field(min_length=1, max_length=MAX_JOBS)]

    @field_validator("decisions")
    @classmethod
    def _one_for_each(cls, decisions: tuple[JobDecisionRequest, ...]) -> tuple[JobDecisionRequest, ...]:
        if len({each.job_id for each in decisions}) < len(decisions):
            raise ValueError("a job is answered twice")
        return decisions

    @property
    def choices(self) -> dict[UUID, Choice]:
        """The answers by job."""
        return {each.job_id: _CHOICES[each.decision] for each in self.decisions}


class ConsentRequest(DecisionsRequest):
    """What staff know of the owner's consent. `added_cost` and `revised_total` are the figures that were told."""

    channel: Literal["phone", "in_person", "message"]
    given_by: Literal["owner", "representative"]
    given_at: AwareDatetime
    reason: Reason
    added_cost: Money
    revised_total: Money

    @property
    def evidence(self) -> Evidence:
        """As it is kept."""
        return Evidence(
            channel=self.channel,
            given_by=self.given_by,
            given_at=self.given_at,
            reason=self.reason,
            added_cost=self.added_cost.to_domain(),
            revised_total=self.revised_total.to_domain(),
        )


class EstimateSummary(ApiModel):
    """A frozen version, and what became of it."""

    version: int
    state: EstimateState
    sha256: Sha256
    total: Money
    tolerance: Money
    sent_at: datetime
    sent_by: UUID
    valid_until: datetime


class EstimateResponse(EstimateSummary):
    """With what it says. SHA-256 over the canonical JSON (RFC 8785) of `content` is `sha256`."""

    content: dict[str, Any]


def estimate_summary(sent: SentEstimate) -> EstimateSummary:
    """A row of the list."""
    return EstimateSummary(
        version=sent.version,
        state=sent.state,
        sha256=sent.document.sha256,
        total=Money(amount_minor=sent.total_minor, currency=sent.currency),
        tolerance=Money(amount_minor=sent.tolerance_minor, currency=sent.currency),
        sent_at=sent.sent_at,
        sent_by=sent.sent_by,
        valid_until=sent.valid_until,
    )


def estimate_response(sent: SentEstimate) -> EstimateResponse:
    """The whole version."""
    return EstimateResponse(content=orjson.loads(sent.document.text), **dict(estimate_summary(sent)))
