"""Why an order refuses. The API decides what each one looks like to a client."""

# ruff: noqa: N818 - each is named for the sentence that it says

from __future__ import annotations


class WorkOrderError(Exception):
    """The order does not allow this. The text is meant for whoever asked."""


class NotPermitted(WorkOrderError):
    """The role, or what the person has already done with this order, does not allow it."""


class Refused(WorkOrderError):
    """The order's present state does not allow it."""


class WrongState(Refused):
    """The action does not exist in this state."""


class OrderClosed(WrongState):
    """Completed or cancelled: nothing changes any more."""


class StaleEstimate(Refused):
    """The estimate version is not the one that can be decided now."""


class JobAlreadyDecided(Refused):
    """The owner has answered for this job."""


class JobLocked(Refused):
    """The job is with the owner, or was declined and stays on record."""


class NothingToSend(Refused):
    """No job has a price and waits to be put to the owner."""


class NothingAuthorised(Refused):
    """No job may be worked on."""


class JobsUndecided(Refused):
    """A job has neither been authorised nor declined."""


class QualityCheckRequired(Refused):
    """The order asks for a second pair of eyes."""


class QualityCheckNotAsked(Refused):
    """The order does not ask for a quality check."""


class ExceedsAuthorised(Refused):
    """The total is above what was authorised and the agreed tolerance."""


class CenterNotApproved(Refused):
    """Only a verified center completes work."""


class UnknownJob(WorkOrderError):
    """The order has no such job."""


class UnknownLine(WorkOrderError):
    """The job has no such line."""


class InvalidInput(WorkOrderError):
    """What was sent breaks a rule. `field` is its place in what was sent, such as "lines/hours"."""

    def __init__(self, message: str, *, field: str, code: str) -> None:
        super().__init__(message)
        self.field = field
        self.code = code


class ImplausibleOdometer(WorkOrderError):
    """The reading contradicts the car's last good one. `candidates` are readings that one slip would explain.

    `field` is its place in what was sent.
    """

    def __init__(self, message: str, candidates: tuple[str, ...], field: str = "odometer") -> None:
        super().__init__(message)
        self.candidates = candidates
        self.field = field
