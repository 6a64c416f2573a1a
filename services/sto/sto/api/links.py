"""Car links: requested by centers, decided by the cars' owners."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis.http import Acting, Action, Answer, Caller, Page, PageRequest, Reader, page
from chassis.problems import NotFound
from sto.api.context import LinkTimers, Now
from sto.api.link_schemas import ApproveLinkRequest, LinkResponse, RequestLinkRequest, link_response
from sto.commands.authorisation import staff
from sto.commands.decide_link import approve_link, decline_link, revoke_link
from sto.commands.request_link import request_link
from sto.domain.center import ServiceCenter
from sto.domain.link import CarLink, LinkStatus
from sto.domain.permissions import Action as StaffAction
from sto.queries.links import LinkSearch, NamedLink, find_named_link, list_links

router = APIRouter(tags=["car links"])


@router.get("/v1/car-links")
async def list_car_links(
    *,
    tx: Reader,
    caller: Caller,
    paging: PageRequest,
    center_id: Annotated[UUID | None, Query(description="Links of this center instead of the caller's cars.")] = None,
    car_id: UUID | None = None,
    status: LinkStatus | None = None,
) -> Page[LinkResponse]:
    """Links to the caller's cars and to those that are shared with him, or those of a center where he works.

    The latest requested first.
    """
    if center_id is not None:
        await staff(tx, center_id, caller.user_id, StaffAction.VIEW_LINKS)
    person_id = caller.user_id if center_id is None else None
    search = LinkSearch(person_id=person_id, center_id=center_id, car_id=car_id, status=status)
    rows = await list_links(tx, search, caller.user_id, after=paging.after, limit=paging.limit + 1)

    def item(row: NamedLink) -> LinkResponse:
        return link_response(row.link, row.center_name, of_own_car=row.of_own_car)

    return page(rows, paging.limit, key=lambda row: (row.link.requested_at, row.link.id), item=item)


@router.post("/v1/car-links", status_code=201, response_model=LinkResponse)
async def request_car_link(body: RequestLinkRequest, action: Action, now: Now, timers: LinkTimers) -> Response:
    """Asks the owner of a car for access. The center must be approved, and know the car's id from its owner."""
    return await action.run(
        lambda tx: request_link(
            tx,
            timers,
            center_id=body.center_id,
            car_id=body.car_id,
            caller_id=action.caller.user_id,
            scopes=body.scopes,
            expires_at=body.expires_at,
            now=now,
        ),
        lambda requested: _requested(requested, action),
    )


@router.get("/v1/car-links/{link_id}", response_model=LinkResponse)
async def get_car_link(link_id: UUID, tx: Reader, caller: Caller) -> Response:
    """A link: the car's owner, whom he shares the car with, and the center's people see it."""
    found = await find_named_link(tx, link_id, caller.user_id)
    if found is None:
        raise NotFound
    body = link_response(found.link, found.center_name, of_own_car=found.of_own_car)
    return Answer(200, body, version=found.link.version).response()


@router.post("/v1/car-links/{link_id}/approval", response_model=LinkResponse)
async def approve_car_link(
    link_id: UUID, body: ApproveLinkRequest, action: Action, now: Now, timers: LinkTimers
) -> Response:
    """The car's owner, or a manager of the car, grants what was asked for, or less."""
    return await action.run(
        lambda tx: approve_link(
            tx, timers, link_id=link_id, caller_id=action.caller.user_id, scopes=body.scopes, now=now
        ),
        _decided,
    )


@router.post("/v1/car-links/{link_id}/decline", response_model=LinkResponse)
async def decline_car_link(link_id: UUID, action: Action, now: Now, timers: LinkTimers) -> Response:
    """The car's owner, or a manager of the car, says no."""
    return await action.run(
        lambda tx: decline_link(tx, timers, link_id=link_id, caller_id=action.caller.user_id, now=now),
        _decided,
    )


@router.post("/v1/car-links/{link_id}/revocation", response_model=LinkResponse)
async def revoke_car_link(link_id: UUID, action: Action, now: Now, timers: LinkTimers) -> Response:
    """The car's owner, or a manager of the car, takes the access back at once."""
    return await action.run(
        lambda tx: revoke_link(tx, timers, link_id=link_id, caller_id=action.caller.user_id, now=now),
        _decided,
    )


def _requested(requested: tuple[CarLink, ServiceCenter], action: Acting) -> Answer:
    link, center = requested
    body = link_response(link, center.profile.name, of_own_car=link.owner_id == action.caller.user_id)
    return Answer(201, body, version=link.version, location=f"/v1/car-links/{link.id}")


def _decided(decided: tuple[CarLink, ServiceCenter]) -> Answer:
    link, center = decided
    return Answer(200, link_response(link, center.profile.name, of_own_car=True), version=link.version)
