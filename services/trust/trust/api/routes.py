"""Routes of trust: translate only."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from chassis.clock import system_clock
from chassis.http import Answer, Caller, Page, PageRequest, Reader, VersionedAction, http_context, page, ready_page
from contracts.trust import RecommendationStatus
from trust import queries
from trust.api import schemas
from trust.commands.dismiss_recommendation import dismiss_recommendation

router = APIRouter()


@router.get("/v1/cars/{car_id}/recommendations")
async def list_recommendations(
    car_id: UUID,
    tx: Reader,
    caller: Caller,
    paging: PageRequest,
    status: Annotated[list[RecommendationStatus] | None, Query()] = None,
) -> Page[schemas.Recommendation]:
    """A car's maintenance recommendations, newest first."""
    await queries.may_see_car(tx, car_id, caller.user_id, system_clock())
    rows = await queries.recommendations_page(tx, car_id, status or [], paging)
    return page(
        rows,
        paging.limit,
        key=lambda row: (row.opened_at, row.id),
        item=schemas.stored_recommendation,
    )


@router.post("/v1/recommendations/{recommendation_id}/dismissal")
async def dismiss(recommendation_id: UUID, action: VersionedAction) -> Response:
    """The car's owner, or a manager of the car, does not want it; it counts as late in the score. Needs If-Match."""
    return await action.run(
        lambda tx: dismiss_recommendation(
            tx,
            recommendation_id,
            user_id=action.caller.user_id,
            expected_version=action.expected_version,
            now=system_clock(),
        ),
        lambda row: Answer(200, schemas.recommendation(row), version=row["version"]),
    )


@router.get("/v1/cars/{car_id}/score")
async def show_score(car_id: UUID, tx: Reader, caller: Caller) -> schemas.VehicleScore:
    """The car's score with every point explained."""
    await queries.may_see_car(tx, car_id, caller.user_id, system_clock())
    return schemas.vehicle_score(car_id, await queries.score_of(tx, car_id))


@router.get("/v1/cars/{car_id}/timeline", response_model=Page[schemas.TimelineEntry])
async def show_timeline(
    car_id: UUID,
    request: Request,
    caller: Caller,
    paging: PageRequest,
    kind: Annotated[list[str] | None, Query(max_length=30)] = None,
) -> Response:
    """Everything that happened to the car, newest first. Staff who may read it see no fuel and no expenses.

    Who had the car before reads the own time with it.
    """
    database = http_context(request).database
    found = await queries.timeline_page(database, car_id, caller.user_id, paging, kinds=kind or [], now=system_clock())
    return Answer(200, ready_page(found.entries, found.next_position)).response()


@router.get("/v1/audit")
async def list_audit(
    *,
    tx: Reader,
    caller: Caller,
    paging: PageRequest,
    subject: Annotated[str | None, Query(max_length=100)] = None,
    action: Annotated[str | None, Query(max_length=100)] = None,
    actor_id: Annotated[UUID | None, Query()] = None,
) -> Page[schemas.AuditEntry]:
    """The audit rows that concern the caller, newest first."""
    rows = await queries.audit_page(tx, caller.user_id, paging, subject=subject, action=action, actor_id=actor_id)
    return page(rows, paging.limit, key=lambda row: (row.occurred_at, row.event_id), item=schemas.audit_entry)
