"""Who may do what at a center: one table, role by action. The only place where roles are compared."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

from sto.domain.errors import NotPermitted

type StaffRole = Literal["owner", "manager", "receptionist", "mechanic"]

STAFF_ROLES: Final[tuple[StaffRole, ...]] = ("owner", "manager", "receptionist", "mechanic")


class Action(StrEnum):
    """Something that staff do. What is done to an owner, or makes one, is an action of its own."""

    EDIT_CENTER = "edit the center's profile"
    VIEW_VERIFICATION = "see the verification"
    SUBMIT_VERIFICATION = "apply for verification"
    VIEW_EMPLOYEES = "see the employees"
    INVITE_OWNER = "invite an owner"
    INVITE_STAFF = "invite staff"
    CHANGE_OWNER = "make or unmake an owner"
    CHANGE_STAFF = "change a staff role"
    DEACTIVATE_OWNER = "deactivate an owner"
    DEACTIVATE_STAFF = "deactivate staff"
    VIEW_LINKS = "see car links"
    REQUEST_LINK = "request a car link"


_EVERYBODY: Final = frozenset({Action.VIEW_EMPLOYEES, Action.VIEW_LINKS})
_FRONT_DESK: Final = _EVERYBODY | {Action.REQUEST_LINK}
_MANAGEMENT: Final = _FRONT_DESK | {
    Action.EDIT_CENTER,
    Action.VIEW_VERIFICATION,
    Action.SUBMIT_VERIFICATION,
    Action.INVITE_STAFF,
    Action.CHANGE_STAFF,
    Action.DEACTIVATE_STAFF,
}

PERMISSIONS: Final[Mapping[StaffRole, frozenset[Action]]] = MappingProxyType(
    {
        "owner": _MANAGEMENT | {Action.INVITE_OWNER, Action.CHANGE_OWNER, Action.DEACTIVATE_OWNER},
        "manager": _MANAGEMENT,
        "receptionist": _FRONT_DESK,
        "mechanic": _EVERYBODY,
    }
)


def permits(role: StaffRole, action: Action) -> bool:
    """Whether this role may do it."""
    return action in PERMISSIONS[role]


def demand(role: StaffRole, *actions: Action) -> None:
    """Raises NotPermitted unless the role may do all of it."""
    for action in actions:
        if not permits(role, action):
            raise NotPermitted(f"A {role} may not {action}.")


def inviting(role: StaffRole) -> Action:
    """What inviting somebody to this role is."""
    return Action.INVITE_OWNER if role == "owner" else Action.INVITE_STAFF


def changing(old: StaffRole, new: StaffRole) -> Action:
    """What giving somebody of the old role the new one is."""
    return Action.CHANGE_OWNER if "owner" in (old, new) else Action.CHANGE_STAFF


def deactivating(role: StaffRole) -> Action:
    """What ending the employment of somebody with this role is."""
    return Action.DEACTIVATE_OWNER if role == "owner" else Action.DEACTIVATE_STAFF
