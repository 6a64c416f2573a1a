"""Service centers: registered, found, edited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from chassis.http import Action, Answer, Caller, Page, Reader, VersionedAction, page
from chassis.http.pages import DEFAULT_PAGE, MAX_PAGE, decode_cursor
from chassis.problems import FieldError, Invalid, NotFound
from sto.api.center_schemas import (
    EditCenterRequest,
    FoundCenterResponse,
    RegisterCenterRequest,
    ServiceCenterResponse,
    center_response,
    found_center_response,
)
from sto.api.context import Now
from sto.api.cursors import decode_distance, encode_distance
from sto.commands.edit_center import edit_center
from sto.commands.register_center import register_center
from sto.domain.center import GeoPoint, ServiceCenter, Speciality
from sto.domain.employee import Employee
from sto.queries.centers import CenterSearch, FoundCenter, Near, find_center_for, search_by_age, search_by_distance

router = APIRouter(tags=["service centers"])

_Degrees = Annotated[float | None, Query(ge=-180, le=180, allow_inf_nan=False)]
_SearchText = Annotated[str | None, Query(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where to search; all three or none."""

    near: Near | None


async def _place(
    latitude: Annotated[float | None, Query(ge=-90, le=90, allow_inf_nan=False)] = None,
    longitude: _Degrees = None,
    radius_km: Annotated[float | None, Query(gt=0, le=500, allow_inf_nan=False)] = None,
) -> _Place:
    if latitude is None and longitude is None and radius_km is None:
        return _Place(None)
    if latitude is None or longitude is None or radius_km is None:
        error = FieldError("query/radius_km", "latitude, longitude and radius_km belong together", "incomplete")
        raise Invalid("A search around a place needs all of it.", errors=[error])
    return _Place(Near(GeoPoint(latitude, longitude), radius_km * 1000))


@router.get("/v1/service-centers")
async def search_service_centers(
    *,
    tx: Reader,
    caller: Caller,
    place: Annotated[_Place, Depends(_place)],
    city: _SearchText = None,
    name: Annotated[str | None, Query(min_length=1, max_length=200, description="A part of the name.")] = None,
    speciality: Speciality | None = None,
    mine: Annotated[bool, Query(description="Centers where the caller works, approved or not.")] = False,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="Rows a page.")] = DEFAULT_PAGE,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before this one.")] = None,
) -> Page[FoundCenterResponse]:
    """Approved centers: the nearest first around a place, otherwise the longest registered first."""
    search = CenterSearch(city, name, speciality, caller.user_id if mine else None)
    if place.near is None:
        after = None if cursor is None else decode_cursor(cursor)
        rows = await search_by_age(tx, caller.user_id, search, after=after, limit=limit + 1)
        return page(rows, limit, key=lambda row: (row.center.created_at, row.center.id), item=found_center_response)
    beyond = None if cursor is None else decode_distance(cursor)
    rows = await search_by_distance(tx, caller.user_id, search, place.near, after=beyond, limit=limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        data=[found_center_response(row) for row in rows[:limit]],
        next_cursor=None if last is None else encode_distance(last.distance_m or 0.0, last.center.id),
        has_more=last is not None,
    )


@router.post("/v1/service-centers", status_code=201, response_model=ServiceCenterResponse)
async def register_service_center(body: RegisterCenterRequest, action: Action, now: Now) -> Response:
    """Founds a center: the caller is its first owner. Nobody else sees it before moderators have approved it."""
    profile = body.to_profile()
    return await action.run(
        lambda tx: register_center(tx, founder_id=action.caller.user_id, profile=profile, now=now), _registered
    )


@router.get("/v1/service-centers/{center_id}", response_model=ServiceCenterResponse)
async def get_service_center(center_id: UUID, tx: Reader, caller: Caller) -> Response:
    """An approved center, one where the caller works, or one that has a link to a car of the caller's."""
    found = await find_center_for(tx, center_id, caller.user_id)
    if found is None:
        raise NotFound
    return _shown(found).response()


@router.patch("/v1/service-centers/{center_id}", response_model=ServiceCenterResponse)
async def edit_service_center(center_id: UUID, body: EditCenterRequest, action: VersionedAction, now: Now) -> Response:
    """Changes the profile; owners and managers do."""
    return await action.run(
        lambda tx: edit_center(
            tx,
            center_id=center_id,
            caller_id=action.caller.user_id,
            expected_version=action.expected_version,
            edit=body.edit,
            now=now,
        ),
        lambda edited: _shown(FoundCenter(edited[0], edited[1].role)),
    )


def _registered(founded: tuple[ServiceCenter, Employee]) -> Answer:
    center, founder = founded
    return _shown(FoundCenter(center, founder.role), status=201, location=f"/v1/service-centers/{center.id}")


def _shown(found: FoundCenter, *, status: int = 200, location: str | None = None) -> Answer:
    return Answer(status, center_response(found), version=found.center.version, location=location)
