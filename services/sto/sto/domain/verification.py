"""How a center becomes trusted: every move there is, in one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal
from uuid import UUID

from sto.domain.errors import ReasonRequired, VerificationRefused

type VerificationStatus = Literal[
    "draft", "submitted", "in_review", "information_requested", "approved", "rejected", "suspended"
]
type Ruling = Literal["approve", "reject", "request_information", "suspend", "reinstate"]
type VerificationMove = Literal["submit", "take"] | Ruling

TRANSITIONS: Final[Mapping[tuple[VerificationStatus, VerificationMove], VerificationStatus]] = MappingProxyType(
    {
        ("draft", "submit"): "submitted",
        ("information_requested", "submit"): "submitted",
        ("rejected", "submit"): "submitted",
        ("submitted", "take"): "in_review",
        ("in_review", "take"): "in_review",
        ("in_review", "approve"): "approved",
        ("in_review", "reject"): "rejected",
        ("in_review", "request_information"): "information_requested",
        ("approved", "suspend"): "suspended",
        ("suspended", "reinstate"): "approved",
    }
)
OPEN_STATUSES: Final[tuple[VerificationStatus, ...]] = ("submitted", "in_review")
"""Where it is the moderators' turn."""

_REVIEW_RULINGS: Final = frozenset({"approve", "reject", "request_information"})
_ADVERSE_RULINGS: Final = frozenset({"reject", "request_information", "suspend"})


def after(status: VerificationStatus, move: VerificationMove) -> VerificationStatus:
    """The status that a move leads to; VerificationRefused when there is no such move."""
    try:
        return TRANSITIONS[status, move]
    except KeyError:
        raise VerificationRefused(status, move.replace("_", " ")) from None


def belongs_to_reviewer(ruling: Ruling) -> bool:
    """Whether only the moderator who took the application may rule so."""
    return ruling in _REVIEW_RULINGS


def demand_reason(ruling: Ruling, reason: str | None) -> None:
    """Raises ReasonRequired when a ruling against the center comes without words."""
    if ruling in _ADVERSE_RULINGS and not (reason and reason.strip()):
        raise ReasonRequired("Tell the center why.")


@dataclass(frozen=True, slots=True)
class Document:
    """A reference to a document that the center keeps: what it is called and what its bytes hash to."""

    name: str
    sha256: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Application:
    """One submission. It never changes; applying again makes another."""

    id: UUID
    center_id: UUID
    number: int
    submitted_by: UUID
    submitted_at: datetime
    note: str | None
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """One act of a moderator on an application. It never changes."""

    id: UUID
    application_id: UUID
    center_id: UUID
    move: VerificationMove
    previous: VerificationStatus
    status: VerificationStatus
    moderator_id: UUID
    reason: str | None
    decided_at: datetime
