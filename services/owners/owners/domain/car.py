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
type IdentityStatus = Literal["unconfirmed", "confirmed", "disputed"]

_NAMES: Final = ("vin", "frame_number", "plate", "nickname", "make", "model")
_IDENTITY: Final = frozenset({"vin", "frame_number"})


class Car(NamedTuple):
    """`sequence` counts the car's own events, `record_sequence` those of its history.

    `ended_on` is the last day of a former owner's period: then this is how the car was on that day.
    """

    id: UUID
    owner_id: UUID
    vin: str | None
    frame_number: str | None
    identity_confirmed: bool
    identity_disputed: bool
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
        """Whether a completed work order confirmed what the car is known by."""
        if self.identity_disputed:
            return "disputed"
        return "confirmed" if self.identity_confirmed else "unconfirmed"

    @property
    def identity(self) -> tuple[Literal["vin", "frame_number"], str] | None:
        """What the car is known by: its VIN, or else its frame number."""
        if self.vin is not None:
            return "vin", self.vin
        return None if self.frame_number is None else ("frame_number", self.frame_number)

    @property
    def vin_is_unusual(self) -> bool:
        """Whether a VIN from outside North America lacks the check digit that it need not have."""
        return self.vin is not None and not check_digit_fits(self.vin)

    def edited(self, changes: dict[str, Any], now: datetime) -> Self:
        """With other details; itself when nothing differs; raises IdentityIsAttested, NamelessCar."""
        changed = {name for name, value in changes.items() if getattr(self, name) != value}
        if not changed:
            return self
        if self.attested_at and changed & _IDENTITY:
            raise IdentityIsAttested(
                "A completed work order stands in this car's history: VIN and frame number change by a correction only."
            )
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
        if self.identity_confirmed or self.identity_disputed:
            return self
        return self._replace(
            identity_confirmed=confirmed,
            identity_disputed=not confirmed,
            updated_at=now,
            sequence=self.sequence + 1,
            version=self.version + 1,
        )


def _check_has_a_name(details: dict[str, Any]) -> None:
    if not any(details.get(name) for name in _NAMES):
        raise NamelessCar("Tell at least one of: VIN, frame number, plate, nickname, make, model.")
