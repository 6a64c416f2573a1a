"""From the start of the work to its end. Every one of these takes the version that the caller has seen."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from chassis.http import VersionedAction
from workorders import commands
from workorders.api.acting import change
from workorders.api.context import Now
from workorders.api.order_schemas import WorkOrderResponse
from workorders.api.transition_schemas import (
    NO_REASON,
    CompletionRequest,
    OptionalReasonRequest,
    PauseRequest,
    ReasonRequest,
)

router = APIRouter(prefix="/v1/work-orders/{order_id}", tags=["transitions"])


@router.post("/start", response_model=WorkOrderResponse)
async def start_work(order_id: UUID, action: VersionedAction, now: Now) -> Response:
    """Approved becomes in progress. For the assigned mechanic, manager and owner."""
    return await change(action, order_id, lambda tx, request: commands.start_work(tx, request, now=now))


@router.post("/pause", response_model=WorkOrderResponse)
async def pause_work(order_id: UUID, body: PauseRequest, action: VersionedAction, now: Now) -> Response:
    """The work waits for parts, or for something else. For mechanics, manager and owner."""
    return await change(
        action,
        order_id,
        lambda tx, request: commands.pause_work(tx, request, to=body.to, reason=body.reason, now=now),
    )


@router.post("/resume", response_model=WorkOrderResponse)
async def resume_work(
    order_id: UUID, action: VersionedAction, now: Now, body: OptionalReasonRequest = NO_REASON
) -> Response:
    """The work goes on: after a pause, or because the quality check found something."""
    return await change(
        action, order_id, lambda tx, request: commands.resume_work(tx, request, reason=body.reason, now=now)
    )


@router.post("/quality-check", response_model=WorkOrderResponse)
async def submit_for_quality_check(order_id: UUID, action: VersionedAction, now: Now) -> Response:
    """The assigned mechanic hands the work in, where the order asks for a second pair of eyes."""
    return await change(action, order_id, lambda tx, request: commands.submit_for_check(tx, request, now=now))


@router.post("/ready", response_model=WorkOrderResponse)
async def mark_as_ready(order_id: UUID, action: VersionedAction, now: Now) -> Response:
    """The car can be handed over. Where a quality check is asked for, somebody else than the mechanic says so."""
    return await change(action, order_id, lambda tx, request: commands.mark_as_ready(tx, request, now=now))


@router.post("/reopening", response_model=WorkOrderResponse)
async def reopen_work(
    order_id: UUID, action: VersionedAction, now: Now, body: OptionalReasonRequest = NO_REASON
) -> Response:
    """Ready becomes in progress. For the assigned mechanic, manager and owner."""
    return await change(
        action, order_id, lambda tx, request: commands.reopen_work(tx, request, reason=body.reason, now=now)
    )


@router.post("/completion", response_model=WorkOrderResponse)
async def complete_work_order(order_id: UUID, body: CompletionRequest, action: VersionedAction, now: Now) -> Response:
    """Hands the car over and seals the order for good. For manager and owner.

    An implausible reading answers 422 with the readings that may have been meant, as errors with code `candidate`.
    Where the meter was replaced, `meter_replacement` says at what the old one ended and the new one began: only so does
    an odometer that begins anew not count as turned back.
    """
    return await change(
        action,
        order_id,
        lambda tx, request: commands.complete_work_order(tx, request, odometer=body.odometer_out, now=now),
    )


@router.post("/cancellation", response_model=WorkOrderResponse)
async def cancel_work_order(order_id: UUID, body: ReasonRequest, action: VersionedAction, now: Now) -> Response:
    """Ends the order before completion. For manager and owner; for the car's owner until work has begun."""
    return await change(
        action, order_id, lambda tx, request: commands.cancel_work_order(tx, request, reason=body.reason, now=now)
    )
