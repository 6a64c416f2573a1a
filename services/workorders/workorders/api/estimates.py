"""Estimates: frozen and sent by the center, decided by the car's owner."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from chassis.http import Caller, Page, PageRequest, Reader, VersionedAction, page
from workorders import commands
from workorders.api.acting import change
from workorders.api.context import EstimateTimers, Now
from workorders.api.estimate_schemas import (
    PLAIN_OFFER,
    ConsentRequest,
    DecisionsRequest,
    EstimateResponse,
    EstimateSummary,
    SendEstimateRequest,
    estimate_response,
    estimate_summary,
)
from workorders.api.order_schemas import WorkOrderResponse
from workorders.api.transition_schemas import NO_REASON, OptionalReasonRequest
from workorders.queries import get_estimate, list_estimates

router = APIRouter(prefix="/v1/work-orders/{order_id}", tags=["estimates"])

Version = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.post("/estimate", response_model=WorkOrderResponse)
async def send_estimate(
    order_id: UUID, action: VersionedAction, now: Now, timers: EstimateTimers, body: SendEstimateRequest = PLAIN_OFFER
) -> Response:
    """Freezes and hashes every priced job that has no answer, and puts it to the car's owner for 14 days."""
    return await change(
        action,
        order_id,
        lambda tx, request: commands.send_estimate(tx, request, timers, offer=body.offer(), now=now),
    )


@router.get("/estimates")
async def list_work_order_estimates(
    order_id: UUID, tx: Reader, caller: Caller, paging: PageRequest
) -> Page[EstimateSummary]:
    """Every version that was sent, the first one first."""
    rows = await list_estimates(tx, order_id, caller.user_id, after=paging.after, limit=paging.limit + 1)
    return page(rows, paging.limit, key=lambda row: (row.sent_at, row.id), item=estimate_summary)


@router.get("/estimates/{version}")
async def get_work_order_estimate(order_id: UUID, version: Version, tx: Reader, caller: Caller) -> EstimateResponse:
    """A version as it was frozen."""
    return estimate_response(await get_estimate(tx, order_id, version, caller.user_id))


@router.post("/approval", response_model=WorkOrderResponse)
async def approve_estimate(order_id: UUID, body: DecisionsRequest, action: VersionedAction, now: Now) -> Response:
    """The car's owner, or a manager of the car, authorises or declines jobs. Part approved is approved."""
    return await change(
        action,
        order_id,
        lambda tx, request: commands.approve_estimate(
            tx, request, version=body.estimate_version, choices=body.choices, now=now
        ),
    )


@router.post("/consent", response_model=WorkOrderResponse)
async def record_consent(order_id: UUID, body: ConsentRequest, action: VersionedAction, now: Now) -> Response:
    """Owner, manager or receptionist note consent given by other means, with evidence."""
    return await change(
        action,
        order_id,
        lambda tx, request: commands.record_consent(
            tx, request, version=body.estimate_version, choices=body.choices, evidence=body.evidence, now=now
        ),
    )


@router.post("/withdrawal", response_model=WorkOrderResponse)
async def withdraw_estimate(
    order_id: UUID, action: VersionedAction, now: Now, body: OptionalReasonRequest = NO_REASON
) -> Response:
    """Takes the estimate back: the order is a draft again, or goes on with what is authorised."""
    return await change(
        action,
        order_id,
        lambda tx, request: commands.withdraw_estimate(tx, request, reason=body.reason, now=now),
    )
