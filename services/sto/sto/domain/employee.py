"""An employment: one person, one center, one role."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self
from uuid import UUID

from sto.domain.errors import EmploymentEnded, LastOwner
from sto.domain.permissions import StaffRole, changing, deactivating, demand


@dataclass(frozen=True, slots=True)
class Employee:
    """`sequence` counts its events, `version` its states. Who comes back after leaving gets a new employment."""

    id: UUID
    center_id: UUID
    user_id: UUID
    role: StaffRole
    active: bool
    joined_at: datetime
    left_at: datetime | None = None
    sequence: int = 1
    version: int = 1

    def changed_by(self, actor: Employee, role: StaffRole, *, active_owners: int) -> Self:
        """With another role; the same object when it is the one they have."""
        demand(actor.role, changing(self.role, role))
        self._demand_active()
        if role == self.role:
            return self
        if self.role == "owner":
            _demand_another(active_owners)
        return replace(self, role=role, sequence=self.sequence + 1, version=self.version + 1)

    def deactivated_by(self, actor: Employee, *, active_owners: int, now: datetime) -> Self:
        """With the employment over at once. Everybody may leave; sending others away takes the permission."""
        if actor.id != self.id:
            demand(actor.role, deactivating(self.role))
        self._demand_active()
        if self.role == "owner":
            _demand_another(active_owners)
        return replace(self, active=False, left_at=now, sequence=self.sequence + 1, version=self.version + 1)

    def _demand_active(self) -> None:
        if not self.active:
            raise EmploymentEnded("This employment is over.")


def _demand_another(active_owners: int) -> None:
    if active_owners <= 1:
        raise LastOwner("This is the center's last owner. Make somebody else an owner first.")
