"""What a rule of this service says when it says no. The api layer decides how HTTP says it."""

# ruff: noqa: N818 - each is named for what it says

from __future__ import annotations


class StoError(Exception):
    """A rule said no."""


class InvalidProfile(StoError):
    """A center's profile names something that does not exist."""


class VerificationRefused(StoError):
    """The verification is not in a state from which this can happen."""

    def __init__(self, status: str, action: str) -> None:
        super().__init__(f"A verification that is {status} does not allow: {action}.")


class ReasonRequired(StoError):
    """A center must be told why."""


class AnotherReviewer(StoError):
    """The application is being reviewed by another moderator."""


class ApplicationSuperseded(StoError):
    """The center has applied again since."""


class OwnStaffDecides(StoError):
    """Somebody who works or worked at a center may not decide about it."""


class CenterNotApproved(StoError):
    """An unapproved center may prepare, but asks nobody for anything."""


class NotPermitted(StoError):
    """The caller's role at this center does not allow it."""


class LastOwner(StoError):
    """A center always keeps at least one active owner."""


class EmploymentEnded(StoError):
    """The employment is over; it can neither change nor end again."""


class AlreadyEmployed(StoError):
    """One person has one employment at a center."""


class InvitationSpent(StoError):
    """A one-time link was used before."""


class InvitationExpired(StoError):
    """A one-time link ran out, or the person who sent it may no longer invite."""


class LinkAlreadyOpen(StoError):
    """The center has asked for this car, or has it."""


class LinkRefused(StoError):
    """The link is not in a state from which this can happen."""

    def __init__(self, status: str, action: str) -> None:
        super().__init__(f"A link that is {status} does not allow: {action}.")


class ScopesRefused(StoError):
    """Scopes must be at least one, and an approval grants no more than was asked for."""


class ExpiryRefused(StoError):
    """Access must end in the future, or not at all."""
