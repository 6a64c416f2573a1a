"""Jobs and their lines. Adding needs no If-Match: it takes nothing away from what others have seen."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from chassis.db import Transaction
from chassis.http import Action, VersionedAction
from workorders import commands
from workorders.api.acting import add, change
from workorders.api.line_schemas import (
    ChangeLaborRequest,
    ChangeProductRequest,
    JobRequest,
    LaborRequest,
    ProductRequest,
)
from workorders.api.order_schemas import WorkOrderResponse
from workorders.commands.change import Request
from workorders.domain.work_order import WorkOrder

router = APIRouter(prefix="/v1/work-orders/{order_id}/jobs", tags=["jobs"])


@router.post("", status_code=201, response_model=WorkOrderResponse)
async def add_job(order_id: UUID, body: JobRequest, action: Action) -> Response:
    """Proposes a job. For owner, manager and receptionist, like everything below."""

    async def added(tx: Transaction, request: Request) -> tuple[WorkOrder, str]:
        order, job = await commands.add_job(tx, request, title=body.title)
        return order, f"jobs/{job.id}"

    return await add(action, order_id, added)


@router.patch("/{job_id}", response_model=WorkOrderResponse)
async def rename_job(order_id: UUID, job_id: UUID, body: JobRequest, action: VersionedAction) -> Response:
    """Gives a job another title; a declined one is thereby offered anew."""
    return await change(
        action, order_id, lambda tx, request: commands.rename_job(tx, request, job_id=job_id, title=body.title)
    )


@router.delete("/{job_id}", response_model=WorkOrderResponse)
async def remove_job(order_id: UUID, job_id: UUID, action: VersionedAction) -> Response:
    """Takes a job with its lines off the order. Declined work stays on record."""
    return await change(action, order_id, lambda tx, request: commands.remove_job(tx, request, job_id=job_id))


@router.post("/{job_id}/labor", status_code=201, response_model=WorkOrderResponse)
async def add_labor(order_id: UUID, job_id: UUID, body: LaborRequest, action: Action) -> Response:
    """Adds work to a job. Its mechanic is assigned to the order."""

    async def added(tx: Transaction, request: Request) -> tuple[WorkOrder, str]:
        order, line_id = await commands.add_labor(tx, request, job_id=job_id, terms=body.terms())
        return order, f"jobs/{job_id}/labor/{line_id}"

    return await add(action, order_id, added)


@router.patch("/{job_id}/labor/{line_id}", response_model=WorkOrderResponse)
async def change_labor(
    order_id: UUID, job_id: UUID, line_id: UUID, body: ChangeLaborRequest, action: VersionedAction
) -> Response:
    """Changes a labor line. More hours or a higher rate voids the job's authorisation."""
    return await change(
        action,
        order_id,
        lambda tx, request: commands.change_labor(tx, request, job_id=job_id, line_id=line_id, changes=body.changes()),
    )


@router.delete("/{job_id}/labor/{line_id}", response_model=WorkOrderResponse)
async def remove_labor(order_id: UUID, job_id: UUID, line_id: UUID, action: VersionedAction) -> Response:
    """Takes a labor line off a job."""
    return await change(
        action, order_id, lambda tx, request: commands.remove_labor(tx, request, job_id=job_id, line_id=line_id)
    )


@router.post("/{job_id}/products", status_code=201, response_model=WorkOrderResponse)
async def add_product(order_id: UUID, job_id: UUID, body: ProductRequest, action: Action) -> Response:
    """Adds a part, fluid or material to a job."""

    async def added(tx: Transaction, request: Request) -> tuple[WorkOrder, str]:
        order, line_id = await commands.add_product(tx, request, job_id=job_id, terms=body.terms())
        return order, f"jobs/{job_id}/products/{line_id}"

    return await add(action, order_id, added)


@router.patch("/{job_id}/products/{line_id}", response_model=WorkOrderResponse)
async def change_product(
    order_id: UUID, job_id: UUID, line_id: UUID, body: ChangeProductRequest, action: VersionedAction
) -> Response:
    """Changes a product line. More of it or a higher price voids the job's authorisation."""
    return await change(
        action,
        order_id,
        lambda tx, request: commands.change_product(
            tx, request, job_id=job_id, line_id=line_id, changes=body.changes()
        ),
    )


@router.delete("/{job_id}/products/{line_id}", response_model=WorkOrderResponse)
async def remove_product(order_id: UUID, job_id: UUID, line_id: UUID, action: VersionedAction) -> Response:
    """Takes a product line off a job."""
    return await change(
        action, order_id, lambda tx, request: commands.remove_product(tx, request, job_id=job_id, line_id=line_id)
    )
