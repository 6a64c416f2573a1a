"""Who may do what with a car: its owner, and the people with whom it is shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import Final, Literal
from uuid import UUID

from owners.domain.errors import DomainError

type GrantedRole = Literal["viewer", "driver", "manager"]
type CarRole = Literal["viewer", "driver", "manager", "owner", "former_owner"]


class Right(Enum):
    """What somebody may do with a car."""

    READ = auto()
    """See the car, its entries with their amounts, and what is computed from them."""
    ADD_ENTRIES = auto()
    """Enter fuel, services, expenses and readings; change and remove what one entered oneself."""
    EDIT_ENTRIES = auto()
    """Change and remove what others entered; bring in entries from a file."""
    APPROVE_WORK = auto()
    """Decide on estimates of service centers."""
    SEE_FINANCES = auto()
    """See and keep what the car itself cost: purchase price, valuations, loan; take everything out in a file."""
    EDIT_CAR = auto()
    ARCHIVE_CAR = auto()
    TRANSFER_CAR = auto()
    MANAGE_ACCESS = auto()


_DRIVER: Final = frozenset({Right.READ, Right.ADD_ENTRIES})
_MANAGER: Final = _DRIVER | {Right.EDIT_ENTRIES, Right.APPROVE_WORK}

RIGHTS: Final[Mapping[CarRole, frozenset[Right]]] = MappingProxyType(
    {
        "viewer": frozenset({Right.READ}),
        "driver": _DRIVER,
        "manager": _MANAGER,
        "owner": frozenset(Right),
        # Of the own period only, which row-level security sees to.
        "former_owner": frozenset({Right.READ, Right.SEE_FINANCES}),
    }
)


class NotPermitted(DomainError):  # noqa: N818 -- as in errors.py
    """The caller sees the car and may not do this with it."""


@dataclass(frozen=True, slots=True)
class CarPerson:
    """Somebody with a role in a car."""

    user_id: UUID
    role: CarRole

    def permits(self, right: Right) -> bool:
        """Whether the role has the right."""
        return right in RIGHTS[self.role]

    def demand(self, right: Right) -> None:
        """Raises NotPermitted without the right."""
        if not self.permits(right):
            raise NotPermitted(f"As this car's {self.role.replace('_', ' ')} you may not do this.")

    def demand_edit_of(self, author_id: UUID) -> None:
        """Raises NotPermitted unless this person may change and remove what the author entered."""
        self.demand(Right.ADD_ENTRIES if author_id == self.user_id else Right.EDIT_ENTRIES)
