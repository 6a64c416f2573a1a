"""How the domain's refusals are told to a client."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from chassis.problems import FieldError, Invalid, NotFound, Problem, ProblemKind
from workorders.domain import errors


class _InvalidInput(ProblemKind):
    __slots__ = ()

    def problem(self, error: Exception) -> Problem:
        """The field that is wrong, like the fields that the schema refuses."""
        if not isinstance(error, errors.InvalidInput):
            raise TypeError(error)
        pointer = f"/{error.field}" if error.field else ""
        return Invalid("The request breaks the rules below.", errors=[FieldError(pointer, str(error), error.code)])


class _ImplausibleOdometer(ProblemKind):
    __slots__ = ()

    def problem(self, error: Exception) -> Problem:
        """One error for the reading, and one for each reading that may have been meant, the likeliest first."""
        if not isinstance(error, errors.ImplausibleOdometer):
            raise TypeError(error)
        pointer = f"/{error.field}/value"
        found = [FieldError(pointer, str(error), "implausible")]
        found += [FieldError(pointer, candidate, "candidate") for candidate in error.candidates]
        return Problem(
            str(error), status=self.status, slug=self.slug, title=self.title, errors=found, read_model=self.read_model
        )


_NOT_FOUND = ProblemKind(NotFound.status, NotFound.slug, NotFound.title)

DOMAIN_ERRORS: Final[Mapping[type[Exception], ProblemKind]] = MappingProxyType(
    {
        errors.NotPermitted: ProblemKind(403, "role-forbids", "Not in your role", read_model=True),
        errors.OrderClosed: ProblemKind(409, "order-closed", "The work order is closed"),
        errors.WrongState: ProblemKind(409, "order-state", "Not in the work order's present state"),
        errors.StaleEstimate: ProblemKind(409, "stale-estimate", "Not the current version of the estimate"),
        errors.JobAlreadyDecided: ProblemKind(409, "job-decided", "Already decided"),
        errors.JobLocked: ProblemKind(409, "job-locked", "The job cannot be changed"),
        errors.NothingToSend: ProblemKind(409, "nothing-to-send", "Nothing to send"),
        errors.NothingAuthorised: ProblemKind(409, "nothing-authorised", "Nothing is authorised"),
        errors.JobsUndecided: ProblemKind(409, "jobs-undecided", "Jobs are undecided"),
        errors.QualityCheckRequired: ProblemKind(409, "quality-check-required", "A quality check comes first"),
        errors.QualityCheckNotAsked: ProblemKind(409, "quality-check-not-asked", "No quality check is asked for"),
        errors.ExceedsAuthorised: ProblemKind(409, "exceeds-authorised", "More than was authorised"),
        errors.CenterNotApproved: ProblemKind(
            409, "center-not-approved", "The service center is not verified", read_model=True
        ),
        errors.ImplausibleOdometer: _ImplausibleOdometer(
            422, "implausible-odometer", "The reading is not plausible", read_model=True
        ),
        errors.InvalidInput: _InvalidInput(Invalid.status, Invalid.slug, Invalid.title),
        errors.UnknownJob: _NOT_FOUND,
        errors.UnknownLine: _NOT_FOUND,
    }
)
