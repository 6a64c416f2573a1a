"""What the rules of this service refuse. The API tells a client how (see api/problems.py)."""

# ruff: noqa: N818 -- each is named for the rule that it stands for

from __future__ import annotations


class DomainError(Exception):
    """A rule was broken; its text is a sentence for the person who broke it."""


class InvalidIdentity(DomainError):
    """A VIN or a frame number that cannot be one."""


class NotAReading(DomainError):
    """Not a number that an odometer can show."""


class IdentityIsAttested(DomainError):
    """VIN and frame number are fixed once a completed work order stands in the car's history."""


class RecordIsAttested(DomainError):
    """An attested record is read-only for everybody, for ever."""


class ExpenseBelongsToService(DomainError):
    """The expense is the cost of a service entry and changes with it only."""


class ReadingIsEvidence(DomainError):
    """A reading that shows a rollback stays until an amendment explains it."""


class UnknownTimeZone(DomainError):
    """Not a name of the IANA time zone database."""


class DateInFuture(DomainError):
    """A fact cannot be dated later than today."""


class MixedCurrencies(DomainError):
    """Amounts of different currencies never add up."""


class NotARate(DomainError):
    """Not a rate from one currency to another, or none where there is something to convert."""


class NamelessCar(DomainError):
    """A car that nothing tells from another."""


class NotAPurchase(DomainError):
    """Volume, unit price and total that no pump or charger can show."""


class WrongEnergyKind(DomainError):
    """A kind of energy that this car does not run on, or that does not come in this unit."""


class ImpossibleLoan(DomainError):
    """An extra payment that there is no room for: a loan is never paid back more than once."""


class ImpossibleWindow(DomainError):
    """A window that ends before it begins."""


class DayIsValued(DomainError):
    """One day has one valuation."""


class TooManyValuations(DomainError):
    """More valuations than a car is given."""
