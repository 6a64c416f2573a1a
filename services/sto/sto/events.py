"""From a fact of the domain to the event that tells the other services."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from contracts import sto
from contracts.event import Actor, Role
from sto.domain.center import ServiceCenter
from sto.domain.employee import Employee
from sto.domain.link import CarLink, LinkStatus
from sto.domain.permissions import StaffRole
from sto.domain.verification import VerificationStatus

SYSTEM = Actor(user_id=None, role="system")


def actor(user_id: UUID, role: Role) -> Actor:
    """Who did it, and in what capacity."""
    return Actor(user_id=user_id, role=role)


def acting(employee: Employee) -> Actor:
    """A member of staff in his role."""
    return actor(employee.user_id, employee.role)


def center_registered(center: ServiceCenter, by: Actor, at: datetime) -> sto.CenterRegistered:
    """A new center."""
    return sto.CenterRegistered(**_center(center, by, at))


def center_updated(center: ServiceCenter, by: Actor, at: datetime) -> sto.CenterUpdated:
    """Another profile."""
    return sto.CenterUpdated(**_center(center, by, at))


def verification_changed(
    center: ServiceCenter, by: Actor, at: datetime, *, previous: VerificationStatus, reason: str | None
) -> sto.CenterVerificationChanged:
    """A step of the verification; `reason` is what the moderator tells the center."""
    return sto.CenterVerificationChanged(**_center(center, by, at), previous=previous, reason=reason)


def employee_joined(employee: Employee, by: Actor, at: datetime) -> sto.EmployeeJoined:
    """A new employment."""
    return sto.EmployeeJoined(**_employee(employee, by, at))


def employee_role_changed(
    employee: Employee, by: Actor, at: datetime, *, previous: StaffRole
) -> sto.EmployeeRoleChanged:
    """Another role."""
    return sto.EmployeeRoleChanged(**_employee(employee, by, at), previous_role=previous)


def employee_deactivated(employee: Employee, by: Actor, at: datetime) -> sto.EmployeeDeactivated:
    """An employment that is over."""
    return sto.EmployeeDeactivated(**_employee(employee, by, at))


_LINK_EVENTS: dict[LinkStatus, type[sto.LinkEvent]] = {
    "requested": sto.LinkRequested,
    "approved": sto.LinkApproved,
    "declined": sto.LinkDeclined,
    "revoked": sto.LinkRevoked,
    "expired": sto.LinkExpired,
}


def link_changed(link: CarLink, center_name: str, by: Actor, at: datetime) -> sto.LinkEvent:
    """The link's step into the status that it has now."""
    return _LINK_EVENTS[link.status](
        sequence=link.sequence,
        occurred_at=at,
        actor=by,
        link_id=link.id,
        car_id=link.car_id,
        car_label=link.car_label,
        owner_id=link.owner_id,
        center_id=link.center_id,
        center_name=center_name,
        scopes=link.scopes,
        status=link.status,
        expires_at=link.expires_at,
    )


def _center(center: ServiceCenter, by: Actor, at: datetime) -> dict[str, Any]:
    return {
        "sequence": center.sequence,
        "occurred_at": at,
        "actor": by,
        "center_id": center.id,
        "name": center.profile.name,
        "city": center.profile.address.city,
        "time_zone": center.profile.time_zone,
        "currency": center.profile.currency,
        "prices_include_tax": center.profile.prices_include_tax,
        "verification": center.verification,
    }


def _employee(employee: Employee, by: Actor, at: datetime) -> dict[str, Any]:
    return {
        "sequence": employee.sequence,
        "occurred_at": at,
        "actor": by,
        "employee_id": employee.id,
        "center_id": employee.center_id,
        "user_id": employee.user_id,
        "role": employee.role,
        "active": employee.active,
    }
