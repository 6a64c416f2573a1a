"""A fuel entry: what was filled or charged, when, and for how much."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal, Self
from uuid import UUID

from owners.domain.car import EnergyKind
from owners.domain.fuel.units import VolumeUnit, quantity
from owners.domain.local_time import start_of_day

type Derived = Literal["volume", "unit_price", "total"]
"""Which of the three was computed from the other two."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed full-to-full interval, owned by its last entry. The quantity is in litres, kWh or kg.

    `cost_minor` and `currency` are None unless every fill in it has a total, all in one currency.
    """

    from_id: UUID
    km: int
    quantity: Decimal
    cost_minor: int | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class FuelEntry:
    """A stop at a pump or a charger. `volume` is in `volume_unit`, `unit_price` per that unit, None: not known.

    `soc_after` is the state of charge in percent that an electric car left with. `accepted_km` is what its reading
    says while that is ok; `interval` is the consumption figure that it owns.
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
    soc_after: Decimal | None
    missed_before: bool
    station: str | None
    note: str | None
    accepted_km: int | None
    interval: Interval | None
    created_at: datetime
    updated_at: datetime
    version: int

    @property
    def quantity(self) -> Decimal | None:
        """The volume in litres, kWh or kg, exactly."""
        return None if self.volume is None else quantity(self.volume, self.volume_unit)

    @property
    def listed_at(self) -> datetime:
        """Its place in a list: the instant, or the start of the day where it was filled."""
        return self.filled_at or start_of_day(self.filled_on, self.time_zone)

    def edited(self, changes: dict[str, Any], now: datetime) -> Self:
        """With other details; itself when nothing differs."""
        if all(getattr(self, name) == value for name, value in changes.items()):
            return self
        return replace(self, **changes, updated_at=now, version=self.version + 1)

    def touched(self, now: datetime) -> Self:
        """A new version of it, because what belongs to it changed."""
        return replace(self, updated_at=now, version=self.version + 1)
