"""With whom a car is shared: invitations by one-time link, and the access that they make."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from chassis.db import Transaction
from chassis.http import Action, Answer, Caller, Page, PageRequest, Reader, VersionedAction, page
from owners.api.access_schemas import (
    AcceptAccessRequest,
    AccessResponse,
    ChangeAccessRequest,
    InvitationResponse,
    InviteToCarRequest,
    NamedAccessResponse,
    access_response,
    invitation_response,
    named_access_response,
)
from owners.api.context import AccessTimers, Now
from owners.commands.accept_access import accept_access
from owners.commands.access import demand
from owners.commands.change_access import change_access
from owners.commands.end_access import remove_access
from owners.commands.invite_to_car import invite_to_car, withdraw_car_invitation
from owners.db.access import list_grants, names_of_people
from owners.db.invitations import list_invitations
from owners.domain.access import Right
from owners.domain.sharing import AccessGrant, AccessInvitation

router = APIRouter(tags=["access"])


@router.get("/v1/cars/{car_id}/access")
async def list_car_access(car_id: UUID, tx: Reader, caller: Caller, paging: PageRequest) -> Page[NamedAccessResponse]:
    """Who has access, the longest first. The owner sees everybody, others themselves."""
    await demand(tx, car_id, caller.user_id, Right.READ)
    grants = await list_grants(tx, car_id, after=paging.after, limit=paging.limit + 1)
    names = await names_of_people(tx, car_id)

    def item(grant: AccessGrant) -> NamedAccessResponse:
        return named_access_response(grant, names)

    return page(grants, paging.limit, key=lambda grant: (grant.granted_at, grant.id), item=item)


@router.patch("/v1/cars/{car_id}/access/{grant_id}", response_model=AccessResponse)
async def change_car_access(
    *,
    car_id: UUID,
    grant_id: UUID,
    body: ChangeAccessRequest,
    action: VersionedAction,
    now: Now,
    timers: AccessTimers,
) -> Response:
    """The owner gives another role, or another end."""

    async def use_case(tx: Transaction) -> AccessGrant:
        return await change_access(
            tx,
            timers,
            car_id,
            grant_id,
            body.changes(),
            caller_id=action.caller.user_id,
            expected_version=lambda: action.expected_version,
            now=now,
        )

    return await action.run(use_case, _granted)


@router.delete("/v1/cars/{car_id}/access/{grant_id}", status_code=204)
async def end_car_access(
    car_id: UUID, grant_id: UUID, action: VersionedAction, now: Now, timers: AccessTimers
) -> Response:
    """The owner revokes somebody's access, or its holder gives it up: at once, the next request finds no car."""

    async def use_case(tx: Transaction) -> None:
        await remove_access(
            tx,
            timers,
            car_id,
            grant_id,
            caller_id=action.caller.user_id,
            expected_version=lambda: action.expected_version,
            now=now,
        )

    return await action.run(use_case, lambda _: Answer(204))


@router.get("/v1/cars/{car_id}/invitations")
async def list_car_invitations(
    *, car_id: UUID, tx: Reader, caller: Caller, paging: PageRequest, now: Now
) -> Page[InvitationResponse]:
    """The links that can still be used, the latest first; their owner's to see."""
    await demand(tx, car_id, caller.user_id, Right.MANAGE_ACCESS)
    rows = await list_invitations(tx, car_id, now, after=paging.after, limit=paging.limit + 1)
    return page(rows, paging.limit, key=lambda row: (row.created_at, row.id), item=invitation_response)


@router.post("/v1/cars/{car_id}/invitations", status_code=201, response_model=InvitationResponse)
async def invite_person_to_car(car_id: UUID, body: InviteToCarRequest, action: Action, now: Now) -> Response:
    """Makes a one-time link of seven days. Its token is in this answer and nowhere else."""
    return await action.run(
        lambda tx: invite_to_car(tx, car_id, body.role, body.access_until, caller_id=action.caller.user_id, now=now),
        _invited,
    )


@router.delete("/v1/cars/{car_id}/invitations/{invitation_id}", status_code=204)
async def withdraw_invitation_to_car(car_id: UUID, invitation_id: UUID, action: VersionedAction, now: Now) -> Response:
    """The link works no more. Nothing of an invitation ever changes, so its version is 1."""

    async def use_case(tx: Transaction) -> None:
        await withdraw_car_invitation(
            tx,
            car_id,
            invitation_id,
            caller_id=action.caller.user_id,
            expected_version=lambda: action.expected_version,
            now=now,
        )

    return await action.run(use_case, lambda _: Answer(204))


@router.post("/v1/access-invitations/acceptance", status_code=201, response_model=AccessResponse)
async def accept_car_invitation(body: AcceptAccessRequest, action: Action, now: Now, timers: AccessTimers) -> Response:
    """Takes up an invitation: its car is shared with the caller from now on. Of all who send a token, one gets it."""
    return await action.run(
        lambda tx: accept_access(tx, timers, body.token, caller_id=action.caller.user_id, now=now),
        lambda grant: _granted(grant, status=201),
    )


def _invited(invited: tuple[AccessInvitation, str]) -> Answer:
    invitation, token = invited
    # What is stored for a repetition must not hold the token: only its hash is kept anywhere.
    return Answer(201, invitation_response(invitation, token), replay=invitation_response(invitation))


def _granted(grant: AccessGrant, *, status: int = 200) -> Answer:
    return Answer(status, access_response(grant), version=grant.version)
