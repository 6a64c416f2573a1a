"""How the domain's refusals are told to a client."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from chassis.problems import ProblemKind
from sto.domain import errors

DOMAIN_ERRORS: Final[Mapping[type[Exception], ProblemKind]] = MappingProxyType(
    {
        errors.InvalidProfile: ProblemKind(422, "invalid-profile", "Invalid profile"),
        errors.VerificationRefused: ProblemKind(409, "verification-state", "Not in the verification's present state"),
        errors.ReasonRequired: ProblemKind(422, "reason-required", "A reason is required"),
        errors.AnotherReviewer: ProblemKind(409, "another-reviewer", "Reviewed by a moderator already"),
        errors.ApplicationSuperseded: ProblemKind(409, "application-superseded", "Not the latest application"),
        errors.OwnStaffDecides: ProblemKind(403, "own-center", "Not about a center of your own"),
        errors.CenterNotApproved: ProblemKind(409, "center-not-approved", "The center is not approved"),
        errors.NotPermitted: ProblemKind(403, "role-forbids", "Not in your role"),
        errors.LastOwner: ProblemKind(409, "last-owner", "The center's last owner"),
        errors.EmploymentEnded: ProblemKind(409, "employment-ended", "The employment is over"),
        errors.AlreadyEmployed: ProblemKind(409, "already-employed", "Employed already"),
        errors.InvitationSpent: ProblemKind(409, "invitation-spent", "Used before"),
        errors.InvitationExpired: ProblemKind(409, "invitation-expired", "No longer valid"),
        errors.LinkAlreadyOpen: ProblemKind(409, "link-already-open", "Requested or linked already"),
        errors.LinkRefused: ProblemKind(409, "link-state", "Not in the link's present state"),
        errors.ScopesRefused: ProblemKind(422, "scopes-refused", "Scopes refused"),
        errors.ExpiryRefused: ProblemKind(422, "expiry-refused", "Expiry refused"),
    }
)
