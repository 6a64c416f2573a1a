"""What is said about sharing a car."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from chassis.http import ApiModel
from owners.api.values import Edit
from owners.domain.access import GrantedRole
from owners.domain.sharing import AccessGrant, AccessInvitation

_ROLES = (
    "viewer reads; driver also enters fuel, services, expenses and readings, and edits the own ones; "
    "manager also edits everybody's, brings in files, answers estimates and decides on centers' access."
)
Role = Annotated[GrantedRole, Field(description=_ROLES)]
End = Annotated[AwareDatetime, Field(description="When the access ends by itself; null: never.")]


class InviteToCarRequest(ApiModel):
    """What whoever follows the link may do, and until when."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "driver", "access_until": None}]})

    role: Role
    access_until: End | None = None


class AcceptAccessRequest(ApiModel):
    """The token of a one-time link."""

    token: Annotated[str, Field(min_length=1, max_length=200, repr=False)]


class ChangeAccessRequest(Edit):
    """The role, the end, or both; what is left out stays as it is."""

    nullable: ClassVar[frozenset[str]] = frozenset({"expires_at"})
    model_config = ConfigDict(json_schema_extra={"examples": [{"role": "manager"}]})

    role: Role | SkipJsonSchema[None] = None
    expires_at: End | None = None


class InvitationResponse(ApiModel):
    """An open invitation. `token` is told once: to whoever sent the first request, and to no repetition of it."""

    id: UUID
    car_id: UUID
    role: GrantedRole
    access_until: datetime | None
    created_at: datetime
    expires_at: datetime
    token: Annotated[str | None, Field(repr=False)]


class AccessResponse(ApiModel):
    """One person's access to a car. `version` is what If-Match takes.

    Nobody's name is in it: answers to commands are stored for a day, and would outlast an erasure.
    """

    id: UUID
    car_id: UUID
    owner_id: UUID
    user_id: UUID
    role: GrantedRole
    granted_at: datetime
    expires_at: datetime | None
    version: int


class NamedAccessResponse(AccessResponse):
    """One person's access, with the name."""

    display_name: str | None


def invitation_response(invitation: AccessInvitation, token: str | None = None) -> InvitationResponse:
    """The invitation, with its token or without."""
    return InvitationResponse(
        id=invitation.id,
        car_id=invitation.car_id,
        role=invitation.role,
        access_until=invitation.access_until,
        created_at=invitation.created_at,
        expires_at=invitation.expires_at,
        token=token,
    )


def access_response(grant: AccessGrant) -> AccessResponse:
    """The access."""
    return AccessResponse(
        id=grant.id,
        car_id=grant.car_id,
        owner_id=grant.owner_id,
        user_id=grant.grantee_id,
        role=grant.role,
        granted_at=grant.granted_at,
        expires_at=grant.expires_at,
        version=grant.version,
    )


def named_access_response(grant: AccessGrant, names: dict[UUID, str]) -> NamedAccessResponse:
    """The access, with its person's name as far as there is one."""
    return NamedAccessResponse(**access_response(grant).model_dump(), display_name=names.get(grant.grantee_id))
