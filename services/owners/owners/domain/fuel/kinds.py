"""Which kind of energy an entry is about, and in what it is measured."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from owners.domain.car import EnergyKind
from owners.domain.errors import WrongEnergyKind
from owners.domain.fuel.units import CanonicalUnit, VolumeUnit, canonical_unit, measures
from owners.domain.user import VolumeUnit as LiquidUnit

_IN_WORDS: Final[dict[CanonicalUnit, str]] = {"l": "litres or gallons", "kwh": "kWh", "kg": "kg"}


def kind_for(told: EnergyKind | None, of_car: Collection[EnergyKind]) -> EnergyKind:
    """What was told, or the one kind that the car runs on; raises WrongEnergyKind.

    A car whose owner never said what it runs on takes every kind.
    """
    if told is not None and (not of_car or told in of_car):
        return told
    if told is None and len(of_car) == 1:
        return next(iter(of_car))
    listed = ", ".join(sorted(of_car))
    if told is None:
        raise WrongEnergyKind(f"Tell energy_kind: this car runs on {listed or 'nobody knows what'}.")
    raise WrongEnergyKind(f"This car runs on {listed}. If it takes {told} as well, add that to the car first.")


def unit_for(told: VolumeUnit | None, kind: EnergyKind, liquid_unit: LiquidUnit) -> VolumeUnit:
    """What was told, or the usual one of that kind, liquids in the user's own; raises WrongEnergyKind."""
    if told is None:
        canonical = canonical_unit(kind)
        return liquid_unit if canonical == "l" else canonical
    check_unit(told, kind)
    return told


def check_unit(unit: VolumeUnit, kind: EnergyKind) -> None:
    """Raises WrongEnergyKind for a unit that this kind of energy does not come in."""
    if not measures(unit, kind):
        raise WrongEnergyKind(f"For {kind} the unit is {_IN_WORDS[canonical_unit(kind)]}.")


def check_charge(soc_after: int | None, kind: EnergyKind) -> None:
    """Raises WrongEnergyKind for a state of charge of what is no battery."""
    if soc_after is not None and kind != "electric":
        raise WrongEnergyKind("Only a battery has a state of charge: of a tank tell whether it was full.")
