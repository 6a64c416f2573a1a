"""A center applies to be trusted, and moderators decide."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis.db import Transaction
from chassis.http import Action, Answer, Caller, Page, PageRequest, Reader, page
from sto.api.context import Now
from sto.api.verification_schemas import (
    DecideVerificationRequest,
    QueuedVerificationResponse,
    SubmitVerificationRequest,
    VerificationResponse,
    queued_response,
    verification_response,
)
from sto.commands.authorisation import staff
from sto.commands.decide_verification import decide_verification, take_verification
from sto.commands.submit_verification import submit_verification
from sto.db.verifications import MODERATORS
from sto.domain.permissions import Action as StaffAction
from sto.domain.verification import OPEN_STATUSES, VerificationStatus
from sto.queries.verifications import queue, verification_history

router = APIRouter(tags=["verification"])


@router.get("/v1/service-centers/{center_id}/verification")
async def get_verification(center_id: UUID, tx: Reader, caller: Caller) -> VerificationResponse:
    """Where the center's verification stands; its owners and managers see it."""
    await staff(tx, center_id, caller.user_id, StaffAction.VIEW_VERIFICATION)
    return await _history(tx, center_id)


@router.post("/v1/service-centers/{center_id}/verification", status_code=201, response_model=VerificationResponse)
async def submit_service_center_verification(
    center_id: UUID, body: SubmitVerificationRequest, action: Action, now: Now
) -> Response:
    """Applies, for the first time or after a rejection or a request for information."""

    async def submit(tx: Transaction) -> VerificationResponse:
        await submit_verification(
            tx,
            center_id=center_id,
            caller_id=action.caller.user_id,
            note=body.note,
            documents=body.to_documents(),
            now=now,
        )
        return await _history(tx, center_id)

    return await action.run(submit, lambda history: Answer(201, history))


@router.get("/v1/moderation/verifications")
async def list_verifications(
    tx: Reader,
    caller: Caller,
    paging: PageRequest,
    status: Annotated[
        list[VerificationStatus] | None, Query(max_length=7, description="By default what waits for a moderator.")
    ] = None,
) -> Page[QueuedVerificationResponse]:
    """Latest applications, the one that waits longest first; moderators only."""
    await MODERATORS.demand(tx, caller.user_id)
    rows = await queue(tx, status or OPEN_STATUSES, after=paging.after, limit=paging.limit + 1)
    return page(
        rows,
        paging.limit,
        key=lambda row: (row.latest.application.submitted_at, row.latest.application.id),
        item=queued_response,
    )


@router.post("/v1/moderation/verifications/{verification_id}/review", response_model=VerificationResponse)
async def review_verification(verification_id: UUID, action: Action, now: Now) -> Response:
    """The calling moderator takes the application, also over from another; who works at the center may not."""

    async def take(tx: Transaction) -> VerificationResponse:
        center_id = await take_verification(
            tx, application_id=verification_id, moderator_id=action.caller.user_id, now=now
        )
        return await _history(tx, center_id)

    return await action.run(take, lambda history: Answer(200, history))


@router.post("/v1/moderation/verifications/{verification_id}/decision", response_model=VerificationResponse)
async def decide_service_center_verification(
    verification_id: UUID, body: DecideVerificationRequest, action: Action, now: Now
) -> Response:
    """Rules on an application under the caller's review, or suspends or reinstates an approved center."""

    async def decide(tx: Transaction) -> VerificationResponse:
        center_id = await decide_verification(
            tx,
            application_id=verification_id,
            moderator_id=action.caller.user_id,
            ruling=body.decision,
            reason=body.reason,
            now=now,
        )
        return await _history(tx, center_id)

    return await action.run(decide, lambda history: Answer(200, history))


async def _history(tx: Transaction, center_id: UUID) -> VerificationResponse:
    return verification_response(await verification_history(tx, center_id))
