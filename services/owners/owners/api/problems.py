"""How the domain's refusals are told to a client."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from chassis.problems import ProblemKind
from owners.domain import errors, files, identity_decision, schedule, sharing, transfer
from owners.domain.access import NotPermitted

DOMAIN_ERRORS: Final[Mapping[type[Exception], ProblemKind]] = MappingProxyType(
    {
        NotPermitted: ProblemKind(403, "forbidden", "Not allowed in your role"),
        sharing.OwnInvitation: ProblemKind(409, "own-invitation", "Your own car"),
        sharing.InvitationSpent: ProblemKind(410, "invitation-spent", "The invitation was used before"),
        sharing.InvitationExpired: ProblemKind(410, "invitation-expired", "The invitation is no longer valid"),
        sharing.AlreadyShared: ProblemKind(409, "already-shared", "The car is shared with you already"),
        sharing.AccessEndsInPast: ProblemKind(422, "access-ends-in-past", "Access can end in the future only"),
        transfer.OwnCar: ProblemKind(409, "own-car", "Your own car"),
        transfer.TransferOffered: ProblemKind(409, "transfer-offered", "The car is offered already"),
        transfer.TransferSettled: ProblemKind(410, "transfer-settled", "The offer was accepted before"),
        transfer.TransferOver: ProblemKind(410, "transfer-over", "The offer is no longer valid"),
        transfer.UnknownRecipient: ProblemKind(422, "unknown-recipient", "The car is not shared with this person"),
        files.UnsupportedFile: ProblemKind(422, "unsupported-file", "Not a file that is kept"),
        files.TooManyFiles: ProblemKind(409, "too-many-files", "No room for another file"),
        schedule.ScheduleInPast: ProblemKind(422, "schedule-in-past", "Begins in the past"),
        schedule.TooManySchedules: ProblemKind(409, "too-many-schedules", "Too many schedules"),
        errors.NamelessCar: ProblemKind(422, "nameless-car", "Nothing tells this car from another"),
        errors.DateInFuture: ProblemKind(422, "date-in-future", "Dated in the future"),
        errors.IdentityIsAttested: ProblemKind(409, "identity-attested", "VIN and frame number are fixed"),
        identity_decision.OwnIdentity: ProblemKind(403, "own-identity", "Not about a car of your own"),
        identity_decision.NothingToDecide: ProblemKind(409, "identity-settled", "Nothing to decide"),
        identity_decision.IdentityTaken: ProblemKind(409, "identity-taken", "Another car has this identity"),
        identity_decision.IdentityMoved: ProblemKind(409, "identity-moved", "Decided otherwise meanwhile"),
        errors.NotAPurchase: ProblemKind(422, "not-a-purchase", "No pump or charger can ask this"),
        errors.WrongEnergyKind: ProblemKind(422, "wrong-energy-kind", "Not what this car runs on"),
        errors.NotARate: ProblemKind(422, "not-a-rate", "No rate to the car's currency"),
        errors.RecordIsAttested: ProblemKind(409, "record-attested", "Attested records are read-only"),
        errors.ExpenseBelongsToService: ProblemKind(409, "expense-of-service", "The cost of a service entry"),
        errors.ReadingIsEvidence: ProblemKind(409, "rollback-evidence", "The reading shows a rollback"),
        errors.ImpossibleLoan: ProblemKind(422, "impossible-loan", "More would be paid back than is owed"),
        errors.ImpossibleWindow: ProblemKind(422, "impossible-window", "Ends before it begins"),
        errors.DayIsValued: ProblemKind(409, "day-is-valued", "One valuation a day"),
        errors.TooManyValuations: ProblemKind(409, "too-many-valuations", "Too many valuations"),
    }
)
