"""Work orders: opened, listed, read; their history and, once completed, their snapshot."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime

from chassis.http import Action, Answer, Caller, Page, PageRequest, Reader, page
from workorders.api.context import Now
from workorders.api.order_schemas import (
    OpenWorkOrderRequest,
    WorkOrderResponse,
    WorkOrderSummary,
    order_response,
    summary_of,
)
from workorders.api.record_schemas import SnapshotResponse, StatusChangeResponse, change_response, snapshot_body
from workorders.commands.open_work_order import Opening
from workorders.commands.open_work_order import open_work_order as open_order
from workorders.domain.status import Status
from workorders.queries import OrderSearch, get_order, get_snapshot, list_history, list_orders

router = APIRouter(tags=["work orders"])

SNAPSHOT_HASH = "Snapshot-SHA256"


@router.post("/v1/work-orders", status_code=201, response_model=WorkOrderResponse)
async def open_work_order(body: OpenWorkOrderRequest, action: Action, now: Now) -> Response:
    """Opens a draft for a car whose owner lets the center create visits. For owner, manager and receptionist."""
    opening = Opening(**dict(body))
    return await action.run(
        lambda tx: open_order(tx, user_id=action.caller.user_id, opening=opening, now=now),
        lambda order: Answer(201, order_response(order), version=order.version, location=f"/v1/work-orders/{order.id}"),
    )


@router.get("/v1/work-orders")
async def list_work_orders(
    *,
    tx: Reader,
    caller: Caller,
    paging: PageRequest,
    center_id: UUID | None = None,
    car_id: UUID | None = None,
    mechanic_id: Annotated[UUID | None, Query(description="Who is on one of its labor lines.")] = None,
    status: Status | None = None,
    opened_from: AwareDatetime | None = None,
    opened_before: AwareDatetime | None = None,
) -> Page[WorkOrderSummary]:
    """Orders of the centers where the caller works, and on cars that are his or shared with him; the latest first."""
    search = OrderSearch(
        center_id=center_id,
        car_id=car_id,
        mechanic_id=mechanic_id,
        status=status,
        opened_from=opened_from,
        opened_before=opened_before,
    )
    rows = await list_orders(tx, caller.user_id, search, after=paging.after, limit=paging.limit + 1)
    return page(rows, paging.limit, key=lambda row: (row.opened_at, row.id), item=summary_of)


@router.get("/v1/work-orders/{order_id}", response_model=WorkOrderResponse)
async def get_work_order(order_id: UUID, tx: Reader, caller: Caller) -> Response:
    """A work order with its jobs and lines: for the center's staff, the car's owner and whom he shares the car with."""
    order = await get_order(tx, order_id, caller.user_id)
    return Answer(200, order_response(order), version=order.version).response()


@router.get("/v1/work-orders/{order_id}/history")
async def list_status_history(
    order_id: UUID, tx: Reader, caller: Caller, paging: PageRequest
) -> Page[StatusChangeResponse]:
    """Every change of its status: who, in what role, why and when."""
    rows = await list_history(tx, order_id, caller.user_id, after=paging.after, limit=paging.limit + 1)
    return page(rows, paging.limit, key=lambda row: (row.occurred_at, row.id), item=change_response)


@router.get("/v1/work-orders/{order_id}/snapshot", response_model=SnapshotResponse)
async def get_work_order_snapshot(order_id: UUID, tx: Reader, caller: Caller) -> Response:
    """What a completed order says for ever. SHA-256 over the bytes of the member `snapshot` is `sha256`."""
    stored = await get_snapshot(tx, order_id, caller.user_id)
    response = Answer(200, snapshot_body(stored)).response()
    response.headers[SNAPSHOT_HASH] = stored.sha256
    return response
