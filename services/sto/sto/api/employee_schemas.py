from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from chassis.http import ApiModel
from sto.domain.employee import Employee
from sto.domain.invitation import Invitation
from sto.domain.permissions import StaffRole
from sto.queries.employees import NamedEmployee


class InviteEmployeeRequest(ApiModel):
    """The role that whoever follows the link will have."""

    role: StaffRole


class AcceptInvitationRequest(ApiModel):
    """The token of a one-time link."""

    token: Annotated[str, Field(min_length=1, max_length=200, repr=False)]


class ChangeRoleRequest(ApiModel):
    """The new role."""

    role: StaffRole


class InvitationResponse(ApiModel):
    """An invitation. `token` is told once: to whoever sent the first request, and to no repetition of it."""

    id: UUID
    center_id: UUID
    role: StaffRole
    expires_at: datetime
    token: Annotated[str | None, Field(repr=False)]


class EmployeeResponse(ApiModel):
    """An employment. `version` is what If-Match takes.

    Nobody's name is in it: answers to commands are stored for a day, and would outlast an erasure.
    """

    id: UUID
    center_id: UUID
    user_id: UUID
    role: StaffRole
    active: bool
    joined_at: datetime
    left_at: datetime | None
    version: int


class NamedEmployeeResponse(EmployeeResponse):
    """An employment with the person's name, as far as it is known."""

    display_name: str | None


def invitation_response(invitation: Invitation, token: str | None) -> InvitationResponse:
    """The invitation, with its token or without."""
    return InvitationResponse(
        id=invitation.id,
        center_id=invitation.center_id,
        role=invitation.role,
        expires_at=invitation.expires_at,
        token=token,
    )


def employee_response(employee: Employee) -> EmployeeResponse:
    """The employment."""
    return EmployeeResponse(**_employee(employee))


def named_employee_response(named: NamedEmployee) -> NamedEmployeeResponse:
    """The employment, with the person's name."""
    return NamedEmployeeResponse(**_employee(named.employee), display_name=named.display_name)


def _employee(employee: Employee) -> dict[str, Any]:
    return {
        "id": employee.id,
        "center_id": employee.center_id,
        "user_id": employee.user_id,
        "role": employee.role,
        "active": employee.active,
        "joined_at": employee.joined_at,
        "left_at": employee.left_at,
        "version": employee.version,
    }
