"""A car as its owner keeps it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple, Self
from uuid import UUID

from owners.domain.errors import IdentityIsAttested, NamelessCar
from owners.domain.identity import check_digit_fits
from owners.domain.odometer.reading import Unit

type EnergyKind = Literal["petrol", "diesel", "lpg", "cng", "electric", "hydrogen"]
type IdentityKind = Literal["vin", "frame_number"]
type IdentityStatus = Literal["unconfirmed", "confirmed", "disputed", "rejected"]

_NAMES: Final = ("vin", "frame_number", "plate", "nickname", "make", "model")
_IDENTITY: Final = frozenset({"vin", "frame_number"})


def status_of(*, confirmed: bool, disputed: bool, rejected: bool) -> IdentityStatus:
    """Where a claim to a VIN or frame number stands."""
    if disputed:
        return "disputed"
    if confirmed:
        return "confirmed"
    return "rejected" if rejected else "unconfirmed"


class Car(NamedTuple):
    """`sequence` counts the car's own events, `record_sequence` those of its history.

    `rejected_number` is the VIN or frame number that a moderator found to be another car's.

    `ended_on` is the last day of a former owner's period: then this is how the car was on that day.
    """

    id: UUID
    owner_id: UUID
    vin: str | None
    frame_number: str | None
    identity_confirmed: bool
    identity_disputed: bool
    identity_disputed_at: datetime | None
    rejected_number: str | None
    attested_at: datetime | None
    plate: str | None
    make: str | None
    model: str | None
    year: int | None
    nickname: str | None
    tags: list[str]
    energy_kinds: list[EnergyKind]
    odometer_unit: Unit
    currency: str
    purchase_date: date | None
    purchase_price_minor: int | None
    purchase_currency: str | None
    purchase_odometer_value: Decimal | None
    purchase_odometer_unit: Unit | None
    archived_at: datetime | None
    last_ok_reading_id: UUID | None
    created_at: datetime
    updated_at: datetime
    sequence: int
    record_sequence: int
    version: int
    ended_on: date | None = None

    @classmethod
    def registered(cls, car_id: UUID, owner_id: UUID, details: dict[str, Any], now: datetime) -> Self:
        """A new car; raises NamelessCar. `details` are the fields that an owner states."""
        _check_has_a_name(details)
        return cls(
            id=car_id,
            owner_id=owner_id,
            identity_confirmed=False,
            identity_disputed=False,
            identity_disputed_at=None,
            rejected_number=None,
            attested_at=None,
            archived_at=None,
            last_ok_reading_id=None,
            created_at=now,
            updated_at=now,
            sequence=1,
            record_sequence=0,
            version=1,
            **details,
        )

    @property
    def identity_status(self) -> IdentityStatus:
        """Whether a completed work order or a moderator confirmed what the car is known by."""
        return status_of(
            confirmed=self.identity_confirmed, disputed=self.identity_disputed, rejected=self.is_misdescribed
        )

    @property
    def is_misdescribed(self) -> bool:
        """Whether a moderator rejected what the car is known by, and its owner has not described it anew since."""
        return self.rejected_number is not None and (self.identity is None or self.identity[1] == self.rejected_number)

    @property
    def identity(self) -> tuple[IdentityKind, str] | None:
        """What the car is known by: its VIN, or else its frame number."""
        if self.vin is not None:
            return "vin", self.vin
        return None if self.frame_number is None else ("frame_number", self.frame_number)

    @property
    def vin_is_unusual(self) -> bool:
        """Whether a VIN from outside North America lacks the check digit that it need not have."""
        return self.vin is not None and not check_digit_fits(self.vin)

    def edited(self, changes: dict[str, Any], now: datetime) -> Self:
        """With other details; itself when nothing differs; raises IdentityIsAttested, NamelessCar.

        VIN and frame number are fixed by the first attested fact and by a moderator's confirmation. When a moderator
        rejected what the car is known by it was described wrongly, and can be described anew, once.
        """
        changed = {name for name, value in changes.items() if getattr(self, name) != value}
        if not changed:
            return self
        if changed & _IDENTITY and not self.is_misdescribed:
            self._check_identity_is_open()
        edited = self._replace(**changes, updated_at=now, sequence=self.sequence + 1, version=self.version + 1)
        _check_has_a_name({name: getattr(edited, name) for name in _NAMES})
        return edited

    def archived(self, now: datetime) -> Self:
        """Put away; itself when it is already."""
        if self.archived_at is not None:
            return self
        return self._replace(archived_at=now, updated_at=now, sequence=self.sequence + 1, version=self.version + 1)

    def handed_over(self, new_owner_id: UUID, on: date, now: datetime) -> Self:
        """The car as its next owner gets it, on that day: what is the present owner's own business stays behind."""
        named = any(getattr(self, name) for name in _NAMES if name != "nickname")
        return self._replace(
            owner_id=new_owner_id,
            nickname=None if named else self.nickname,
            tags=[],
            purchase_date=on,
            purchase_price_minor=None,
            purchase_currency=None,
            purchase_odometer_value=None,
            purchase_odometer_unit=None,
            archived_at=None,
            updated_at=now,
            sequence=self.sequence + 1,
            version=self.version + 1,
        )

    def attested(self, now: datetime) -> Self:
        """With its first attested fact at `now`."""
        if self.attested_at is not None:
            return self
        return self._replace(attested_at=now, updated_at=now, version=self.version + 1)

    def identified(self, *, confirmed: bool, now: datetime) -> Self:
        """After a work order named the car: confirmed, or disputed with the car that has this identity already."""
        if self.identity_status != "unconfirmed":
            return self
        return self._replace(
            identity_confirmed=confirmed,
            identity_disputed=not confirmed,
            identity_disputed_at=None if confirmed else now,
            updated_at=now,
            sequence=self.sequence + 1,
            version=self.version + 1,
        )

    def ruled(self, *, confirmed: bool, now: datetime) -> Self:
        """After a moderator confirmed what the car is known by, or found that it is another car's."""
        number = None if self.identity is None else self.identity[1]
        return self._replace(
            identity_confirmed=confirmed,
            identity_disputed=False,
            identity_disputed_at=None,
            rejected_number=None if confirmed else number,
            updated_at=now,
            sequence=self.sequence + 1,
            version=self.version + 1,
        )

    def _check_identity_is_open(self) -> None:
        if self.attested_at:
            raise IdentityIsAttested(
                "A completed work order stands in this car's history: VIN and frame number change by a correction only."
            )
        if self.identity_confirmed:
            raise IdentityIsAttested("A moderator confirmed this car's VIN or frame number: it changes no more.")


def _check_has_a_name(details: dict[str, Any]) -> None:
    if not any(details.get(name) for name in _NAMES):
        raise NamelessCar("Tell at least one of: VIN, frame number, plate, nickname, make, model.")
