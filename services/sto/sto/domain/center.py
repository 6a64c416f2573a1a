"""A service center: its profile, and where its verification stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, Self
from uuid import UUID
from zoneinfo import available_timezones

from sto.domain import verification
from sto.domain.currencies import CURRENCIES
from sto.domain.errors import AnotherReviewer, ApplicationSuperseded, CenterNotApproved, InvalidProfile
from sto.domain.verification import Ruling, VerificationStatus

type Speciality = Literal[
    "maintenance",
    "diagnostics",
    "engine",
    "transmission",
    "brakes",
    "suspension",
    "steering",
    "exhaust",
    "electrics",
    "air_conditioning",
    "electric_drive",
    "gas_equipment",
    "tyres",
    "body",
    "paint",
    "glass",
    "interior",
    "detailing",
]

_TIME_ZONES: Final = frozenset(available_timezones()) - {"localtime", "Factory"}


@dataclass(frozen=True, slots=True)
class GeoPoint:
    """WGS 84 degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Address:
    """Where customers come to."""

    city: str
    street: str
    postal_code: str | None


@dataclass(frozen=True, slots=True)
class CenterProfile:
    """What a center says about itself. No makes listed means all makes."""

    name: str
    address: Address
    location: GeoPoint
    phones: tuple[str, ...]
    specialities: tuple[Speciality, ...]
    makes: tuple[str, ...]
    time_zone: str
    currency: str
    prices_include_tax: bool

    def __post_init__(self) -> None:
        demand_time_zone(self.time_zone)
        demand_currency(self.currency)


def demand_time_zone(name: str) -> str:
    """The same name; raises InvalidProfile unless it is an IANA time zone's."""
    if name not in _TIME_ZONES:
        raise InvalidProfile("This is no IANA time zone.")
    return name


def demand_currency(code: str) -> str:
    """The same code; raises InvalidProfile unless it is a currency's in ISO 4217."""
    if code not in CURRENCIES:
        raise InvalidProfile("This is no ISO 4217 currency.")
    return code


def search_key(text: str) -> str:
    """A text as it is compared in searches: case and runs of blanks do not count."""
    return " ".join(text.casefold().split())


@dataclass(frozen=True, slots=True)
class ServiceCenter:
    """The tenant. `sequence` counts its events, `version` its states."""

    id: UUID
    profile: CenterProfile
    verification: VerificationStatus
    application_id: UUID | None
    reviewer_id: UUID | None
    created_by: UUID
    created_at: datetime
    sequence: int = 1
    version: int = 1

    def edited(self, profile: CenterProfile) -> Self:
        """With another profile; the same object when nothing differs."""
        return self if profile == self.profile else self._next(profile=profile)

    def submitted(self, application_id: UUID) -> Self:
        """With an application that waits for a moderator."""
        status = verification.after(self.verification, "submit")
        return self._next(verification=status, application_id=application_id, reviewer_id=None)

    def taken(self, application_id: UUID, moderator_id: UUID) -> Self:
        """Under review by this moderator, who may take over from another."""
        status = verification.after(self.verification, "take")
        self._demand_current(application_id)
        if self.reviewer_id == moderator_id:
            raise AnotherReviewer("You are reviewing this application already.")
        return self._next(verification=status, reviewer_id=moderator_id)

    def ruled(self, application_id: UUID, ruling: Ruling, moderator_id: UUID, reason: str | None) -> Self:
        """As the moderator ruled. A review is ruled on by the moderator who took it."""
        status = verification.after(self.verification, ruling)
        self._demand_current(application_id)
        verification.demand_reason(ruling, reason)
        if verification.belongs_to_reviewer(ruling) and self.reviewer_id != moderator_id:
            raise AnotherReviewer("Another moderator is reviewing this application. Take it over first.")
        return self._next(verification=status)

    def demand_approved(self) -> None:
        """Raises CenterNotApproved while moderators have not approved the center, or have suspended it."""
        if self.verification != "approved":
            raise CenterNotApproved("The center's verification is not approved.")

    def _demand_current(self, application_id: UUID) -> None:
        if self.application_id != application_id:
            raise ApplicationSuperseded("The center has applied again since. Decide on its latest application.")

    def _next(self, **changes: object) -> Self:
        return replace(self, sequence=self.sequence + 1, version=self.version + 1, **changes)  # type: ignore[arg-type]
