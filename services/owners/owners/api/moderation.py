"""Moderators decide whose a VIN or frame number is that several cars claim."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from chassis.db import Transaction
from chassis.http import Answer, Caller, Page, PageRequest, Reader, VersionedAction, page
from chassis.problems import NotFound
from owners.api.context import Now
from owners.api.moderation_schemas import DecideIdentityRequest, IdentityCaseResponse, case_response
from owners.commands.decide_identity import decide_identity
from owners.db.moderation import MODERATORS
from owners.moderation_queries import IdentityCase, disputed_cases, identity_case

router = APIRouter(tags=["moderation"])


@router.get("/v1/moderation/identities")
async def list_disputed_identities(tx: Reader, caller: Caller, paging: PageRequest) -> Page[IdentityCaseResponse]:
    """Cars whose VIN or frame number is another car's already, the one that waits longest first; moderators only."""
    await MODERATORS.demand(tx, caller.user_id)
    rows = await disputed_cases(tx, after=paging.after, limit=paging.limit + 1)
    return page(
        rows,
        paging.limit,
        key=lambda row: (row.claim.identity_disputed_at or row.claim.created_at, row.claim.id),
        item=case_response,
    )


@router.get("/v1/moderation/identities/{car_id}", response_model=IdentityCaseResponse)
async def get_identity_claims(car_id: UUID, tx: Reader, caller: Caller) -> Response:
    """Any car with a VIN or frame number, disputed or not, and who else claims it; moderators only."""
    await MODERATORS.demand(tx, caller.user_id)
    return _shown(await _case(tx, car_id)).response()


@router.post("/v1/moderation/identities/{car_id}/decision", response_model=IdentityCaseResponse)
async def decide_car_identity(car_id: UUID, body: DecideIdentityRequest, action: VersionedAction, now: Now) -> Response:
    """Confirms a disputed, rejected or unrivalled claim, or rejects a disputed one; moderators without a part in it.

    `rival_id` says who had the number when the moderator looked: a decision about what has moved since is refused. A
    confirmation takes the number from that car, whose claim is rejected then. The owner of a car with a rejected claim
    may type another VIN or frame number, once.
    """

    async def decide(tx: Transaction) -> IdentityCase:
        await decide_identity(
            tx,
            car_id,
            body.decision,
            body.reason,
            seen_holder_id=body.rival_id,
            moderator_id=action.caller.user_id,
            expected_version=lambda: action.expected_version,
            now=now,
        )
        return await _case(tx, car_id)

    return await action.run(decide, _shown)


async def _case(tx: Transaction, car_id: UUID) -> IdentityCase:
    found = await identity_case(tx, car_id)
    if found is None:
        raise NotFound
    return found


def _shown(case: IdentityCase) -> Answer:
    return Answer(200, case_response(case), version=case.claim.version)
