"""The people of a center: invited, listed, given roles, sent away."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis.http import Action, Answer, Caller, Page, PageRequest, Reader, VersionedAction, page
from sto.api.context import Now
from sto.api.employee_schemas import (
    AcceptInvitationRequest,
    ChangeRoleRequest,
    EmployeeResponse,
    InvitationResponse,
    InviteEmployeeRequest,
    NamedEmployeeResponse,
    employee_response,
    invitation_response,
    named_employee_response,
)
from sto.commands.accept_invitation import accept_invitation
from sto.commands.authorisation import staff
from sto.commands.change_employee import change_role, deactivate_employee
from sto.commands.invite_employee import invite_employee
from sto.domain.employee import Employee
from sto.domain.invitation import Invitation
from sto.domain.permissions import Action as StaffAction
from sto.queries.employees import list_employees

router = APIRouter(tags=["employees"])


@router.get("/v1/service-centers/{center_id}/employees")
async def list_center_employees(
    *,
    center_id: UUID,
    tx: Reader,
    caller: Caller,
    paging: PageRequest,
    with_former: Annotated[bool, Query(description="Also those who have left.")] = False,
) -> Page[NamedEmployeeResponse]:
    """The center's people, the longest employed first; whoever works there sees them."""
    await staff(tx, center_id, caller.user_id, StaffAction.VIEW_EMPLOYEES)
    rows = await list_employees(tx, center_id, with_former=with_former, after=paging.after, limit=paging.limit + 1)
    return page(
        rows,
        paging.limit,
        key=lambda row: (row.employee.joined_at, row.employee.id),
        item=named_employee_response,
    )


@router.post("/v1/service-centers/{center_id}/invitations", status_code=201, response_model=InvitationResponse)
async def invite_center_employee(center_id: UUID, body: InviteEmployeeRequest, action: Action, now: Now) -> Response:
    """Makes a one-time link of seven days for the role. Its token is in this answer and nowhere else."""
    return await action.run(
        lambda tx: invite_employee(tx, center_id=center_id, caller_id=action.caller.user_id, role=body.role, now=now),
        _invited,
    )


@router.post("/v1/invitations/acceptance", status_code=201, response_model=EmployeeResponse)
async def accept_center_invitation(body: AcceptInvitationRequest, action: Action, now: Now) -> Response:
    """Takes up an invitation: the caller works at its center from now on."""
    return await action.run(
        lambda tx: accept_invitation(tx, token=body.token, caller_id=action.caller.user_id, now=now),
        lambda employee: _shown(employee, status=201),
    )


@router.patch("/v1/service-centers/{center_id}/employees/{employee_id}", response_model=EmployeeResponse)
async def change_employee_role(
    center_id: UUID, employee_id: UUID, body: ChangeRoleRequest, action: VersionedAction, now: Now
) -> Response:
    """Gives the employee another role. Only owners make or unmake owners, and the last one stays."""
    return await action.run(
        lambda tx: change_role(
            tx,
            center_id=center_id,
            employee_id=employee_id,
            caller_id=action.caller.user_id,
            expected_version=action.expected_version,
            role=body.role,
            now=now,
        ),
        _shown,
    )


@router.post("/v1/service-centers/{center_id}/employees/{employee_id}/deactivation", response_model=EmployeeResponse)
async def deactivate_center_employee(center_id: UUID, employee_id: UUID, action: Action, now: Now) -> Response:
    """Ends the employment at once: the caller's own, or another's where his role allows."""
    return await action.run(
        lambda tx: deactivate_employee(
            tx, center_id=center_id, employee_id=employee_id, caller_id=action.caller.user_id, now=now
        ),
        _shown,
    )


def _invited(invited: tuple[Invitation, str]) -> Answer:
    invitation, token = invited
    # What is stored for a repetition must not hold the token: only its hash is kept anywhere.
    return Answer(201, invitation_response(invitation, token), replay=invitation_response(invitation, None))


def _shown(employee: Employee, *, status: int = 200) -> Answer:
    return Answer(status, employee_response(employee), version=employee.version)
