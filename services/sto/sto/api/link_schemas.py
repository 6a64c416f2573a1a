from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from chassis.http import ApiModel
from sto.domain.link import CarLink, LinkScope, LinkStatus

Scopes = Annotated[tuple[LinkScope, ...], Field(min_length=1, max_length=10)]


class RequestLinkRequest(ApiModel):
    """Whom the center asks for what. Without `expires_at` the access lasts until it is revoked."""

    center_id: UUID
    car_id: UUID
    scopes: Scopes
    expires_at: AwareDatetime | None = None


class ApproveLinkRequest(ApiModel):
    """The scopes to grant; all that were asked for when left out."""

    scopes: Scopes | None = None


class LinkResponse(ApiModel):
    """A center's access to a car. The center is told the car's label only while it has access."""

    id: UUID
    car_id: UUID
    car_label: str | None
    center_id: UUID
    center_name: str
    scopes: tuple[LinkScope, ...]
    status: LinkStatus
    requested_at: datetime
    expires_at: datetime | None
    decided_at: datetime | None
    ended_at: datetime | None


def link_response(link: CarLink, center_name: str, *, of_own_car: bool) -> LinkResponse:
    """The link as the viewer may see it, who owns the car or shares it (`of_own_car`), or is of the center."""
    knows_car = of_own_car or link.status == "approved"
    return LinkResponse(
        id=link.id,
        car_id=link.car_id,
        car_label=link.car_label if knows_car else None,
        center_id=link.center_id,
        center_name=center_name,
        scopes=link.scopes,
        status=link.status,
        requested_at=link.requested_at,
        expires_at=link.expires_at,
        decided_at=link.decided_at,
        ended_at=link.ended_at,
    )
