"""A fuel entry: what was filled or charged, when, and for how much."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self
from uuid import UUID

from owners.domain.car import EnergyKind
from owners.domain.conversion import Rated
from owners.domain.errors import NotAPurchase
from owners.domain.fuel.consumption import FULL, Fill
from owners.domain.fuel.interval import Interval
from owners.domain.fuel.kinds import check_charge, check_unit
from owners.domain.fuel.purchase import Derived, Purchase
from owners.domain.fuel.units import VolumeUnit, quantity
from owners.domain.local_time import start_of_day


@dataclass(frozen=True, slots=True)
class FuelEntry:
    """A stop at a pump or a charger. `volume` is in `volume_unit`, `unit_price` per that unit, None: not known.

    `soc_after` is the state of charge in percent that an electric car left with. `accepted_km` is how far
    the car had been driven, on all its meters, while its reading is ok; `interval` is the figure that it owns.
    """

    id: UUID
    car_id: UUID
    owner_id: UUID
    author_id: UUID
    filled_on: date
    filled_at: datetime | None
    time_zone: str
    energy_kind: EnergyKind
    volume: Decimal | None
    volume_unit: VolumeUnit
    unit_price: Decimal | None
    total_minor: int | None
    currency: str | None
    derived: Derived | None
    discount_minor: int | None
    is_full: bool
    soc_after: int | None
    missed_before: bool
    station: str | None
    note: str | None
    accepted_km: int | None
    interval: Interval | None
    created_at: datetime
    updated_at: datetime
    version: int
    rate: Decimal | None = None
    rate_to: str | None = None
    converted_minor: int | None = None

    @property
    def rated(self) -> Rated:
        """How its total counts in another currency."""
        return Rated(self.rate, self.rate_to, self.converted_minor)

    @property
    def quantity(self) -> Decimal | None:
        """The volume in litres, kWh or kg, exactly."""
        return None if self.volume is None else quantity(self.volume, self.volume_unit)

    @property
    def listed_at(self) -> datetime:
        """Its place in a list: the instant, or the start of the day where it was filled."""
        return self.filled_at or start_of_day(self.filled_on, self.time_zone)

    @property
    def level(self) -> int | None:
        """How full it left, in percent, as far as it is known."""
        if self.soc_after is not None:
            return self.soc_after
        return FULL if self.is_full else None

    def fill(self, car_currency: str) -> Fill:
        """What of it consumption depends on; its cost in the car's currency, if there is a rate to that."""
        converts = self.rate_to == car_currency
        return Fill(
            id=self.id,
            day=self.filled_on,
            at=self.filled_at,
            km=self.accepted_km,
            quantity=self.quantity,
            level=self.level,
            electric=self.energy_kind == "electric",
            missed_before=self.missed_before,
            total_minor=self.converted_minor if converts else self.total_minor,
            currency=self.rate_to if converts else self.currency,
            interval=self.interval,
        )

    @property
    def purchase(self) -> Purchase:
        """Volume, unit price and total, and how they belong together."""
        return Purchase(self.volume, self.unit_price, self.total_minor, self.derived, self.discount_minor)

    def edited(self, changes: dict[str, Any], now: datetime) -> Self:
        """With other details; itself when nothing differs, the digits of numbers included."""
        if all(repr(getattr(self, name)) == repr(value) for name, value in changes.items()):
            return self
        return replace(self, **changes, updated_at=now, version=self.version + 1)

    def touched(self, now: datetime) -> Self:
        """A new version of it, because what belongs to it changed."""
        return replace(self, updated_at=now, version=self.version + 1)

    def check(self, *, with_odometer: bool) -> None:
        """Raises NotAPurchase when it says nothing, WrongEnergyKind when kind, unit and charge do not go together."""
        check_unit(self.volume_unit, self.energy_kind)
        check_charge(self.soc_after, self.energy_kind)
        if self.volume is None and self.total_minor is None and not with_odometer:
            raise NotAPurchase("Tell at least the volume, the total or the odometer.")
