"""What moderators read and say about identities that several cars claim."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import ConfigDict, Field

from chassis.http import ApiModel
from owners.api.values import text_of
from owners.db.moderation import Claim
from owners.domain.car import IdentityKind, IdentityStatus, status_of
from owners.domain.identity_decision import IdentityDecision, Ruling
from owners.moderation_queries import IdentityCase

_EXAMPLE_CAR: Final = "0198f3a2-7c1e-7002-8b1d-4f6e2a9c0002"
_EXAMPLE_RIVAL: Final = "0198f3a2-7c1e-7002-8b1d-4f6e2a9c0005"
_EXAMPLE_CLAIM: Final[dict[str, Any]] = {
    "car_id": _EXAMPLE_CAR,
    "make": "Lada",
    "model": "21099",
    "year": 2004,
    "plate": "К482МН66",
    "identity": "disputed",
    "registered_at": "2026-02-01T08:00:00Z",
    "first_attested_at": "2026-03-14T09:26:53Z",
    "archived_at": None,
    "attested_work_orders": 1,
    "attesting_centers": 1,
}
_EXAMPLE_CASE: Final[dict[str, Any]] = {
    "car_id": _EXAMPLE_CAR,
    "version": 4,
    "kind": "vin",
    "number": "XTA21099043576182",
    "disputed_at": "2026-03-14T09:26:53Z",
    "rival_id": _EXAMPLE_RIVAL,
    "claim": _EXAMPLE_CLAIM,
    "rivals": [
        _EXAMPLE_CLAIM
        | {
            "car_id": _EXAMPLE_RIVAL,
            "identity": "confirmed",
            "first_attested_at": "2024-05-20T10:00:00Z",
            "attested_work_orders": 7,
            "attesting_centers": 3,
        }
    ],
    "more_rivals": False,
    "decisions": [],
}


class DecideIdentityRequest(ApiModel):
    """A ruling on this car's claim. Moderators read the reason, owners don't."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "decision": "confirm",
                    "rival_id": _EXAMPLE_RIVAL,
                    "reason": "The registration certificate and the photo of the plate agree.",
                }
            ]
        }
    )

    decision: Annotated[Ruling, Field(description="confirm: the identity is this car's. reject: it stays where it is.")]
    rival_id: Annotated[
        UUID | None, Field(description="The car that has the number, as the case says; null: none has.")
    ]
    reason: Annotated[str, text_of(2000)]


class ClaimResponse(ApiModel):
    """A car that claims the number. Who owns it and what was paid are no part of the question."""

    car_id: UUID
    make: str | None
    model: str | None
    year: int | None
    plate: str | None
    identity: IdentityStatus
    registered_at: datetime
    first_attested_at: datetime | None
    archived_at: datetime | None
    attested_work_orders: int
    attesting_centers: Annotated[int, Field(description="How many service centers completed them.")]


class IdentityDecisionResponse(ApiModel):
    """What a moderator decided. `rival_id` is the car that had the number."""

    id: UUID
    decision: Ruling
    car_id: UUID
    rival_id: UUID | None
    moderator_id: UUID
    reason: str
    decided_at: datetime


class IdentityCaseResponse(ApiModel):
    """A car, the other cars with its number, and what was decided about the number, the latest first.

    `version` goes into If-Match of a decision, `rival_id`, the other car that has the number, into its body. Of the
    rivals, at most 20, the one that has the number comes first, then those that dispute it, then those whose owners
    typed it.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE_CASE]})

    car_id: UUID
    version: int
    kind: IdentityKind
    number: str
    disputed_at: datetime | None
    rival_id: UUID | None
    claim: ClaimResponse
    rivals: list[ClaimResponse]
    more_rivals: bool
    decisions: list[IdentityDecisionResponse]


def case_response(case: IdentityCase) -> IdentityCaseResponse:
    """The case as moderators read it."""
    claim = case.claim
    return IdentityCaseResponse(
        car_id=claim.id,
        version=claim.version,
        kind=claim.kind,
        number=claim.number,
        disputed_at=claim.identity_disputed_at,
        rival_id=case.holder_id,
        claim=_claim(claim),
        rivals=[_claim(rival) for rival in case.rivals],
        more_rivals=case.more_rivals,
        decisions=[_decision(decision) for decision in case.decisions],
    )


def _claim(claim: Claim) -> ClaimResponse:
    return ClaimResponse(
        car_id=claim.id,
        make=claim.make,
        model=claim.model,
        year=claim.year,
        plate=claim.plate,
        identity=status_of(
            confirmed=claim.identity_confirmed,
            disputed=claim.identity_disputed,
            rejected=claim.rejected_number == claim.number,
        ),
        registered_at=claim.created_at,
        first_attested_at=claim.attested_at,
        archived_at=claim.archived_at,
        attested_work_orders=claim.attested_works,
        attesting_centers=claim.attesting_centers,
    )


def _decision(decision: IdentityDecision) -> IdentityDecisionResponse:
    return IdentityDecisionResponse(
        id=decision.id,
        decision=decision.ruling,
        car_id=decision.car_id,
        rival_id=decision.rival_id,
        moderator_id=decision.moderator_id,
        reason=decision.reason,
        decided_at=decision.decided_at,
    )
