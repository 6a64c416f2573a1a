"""In what fuel and charge are measured: one canonical unit for each kind of energy."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal

from owners.domain.car import EnergyKind

type VolumeUnit = Literal["l", "gal_us", "gal_uk", "kwh", "kg"]
type CanonicalUnit = Literal["l", "kwh", "kg"]

MOST_DECIMALS: Final = 3

_IN_CANONICAL: Final[dict[VolumeUnit, tuple[CanonicalUnit, Decimal]]] = {
    "l": ("l", Decimal(1)),
    "gal_us": ("l", Decimal("3.785411784")),
    "gal_uk": ("l", Decimal("4.54609")),
    "kwh": ("kwh", Decimal(1)),
    "kg": ("kg", Decimal(1)),
}
_MEASURE: Final[dict[EnergyKind, CanonicalUnit]] = {
    "petrol": "l",
    "diesel": "l",
    "lpg": "l",
    "cng": "kg",
    "electric": "kwh",
    "hydrogen": "kg",
}


def canonical_unit(kind: EnergyKind) -> CanonicalUnit:
    """What consumption of this kind is counted in: litres, kWh or kg."""
    return _MEASURE[kind]


def measures(unit: VolumeUnit, kind: EnergyKind) -> bool:
    """Whether this kind of energy comes in that unit."""
    return _IN_CANONICAL[unit][0] == _MEASURE[kind]


def quantity(volume: Decimal, unit: VolumeUnit) -> Decimal:
    """Litres, kWh or kg, exactly."""
    return volume * _IN_CANONICAL[unit][1]
