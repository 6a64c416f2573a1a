"""What a car consumes of each kind of energy, and what 100 km cost. Undefined is None, never 0."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from owners.domain.car import EnergyKind
from owners.domain.fuel.changes import IntervalSum, SumKey
from owners.domain.fuel.entry import FuelEntry
from owners.domain.fuel.interval import hundredths


class Series(NamedTuple):
    """All closed intervals of one kind, by the currency of their cost, and the entry that owns the last one."""

    energy_kind: EnergyKind
    sums: Mapping[str, IntervalSum]
    last: FuelEntry | None

    @property
    def total(self) -> IntervalSum:
        """Over all currencies: what was consumed, and how far it went."""
        total = IntervalSum()
        for one in self.sums.values():
            total = total.plus(one)
        return total

    @property
    def average(self) -> Decimal | None:
        """Sum of what was consumed over sum of the distance, in closed intervals only."""
        total = self.total
        return hundredths(Fraction(total.quantity), total.km) if total.km else None

    def cost_per_100_km(self, currency: str) -> Fraction | None:
        """In minor units, over the intervals whose whole cost is known in this currency."""
        known = self.sums.get(currency)
        return Fraction(known.cost_minor * 100, known.km) if known else None


def combined_cost_per_100_km(series: Collection[Series], currency: str) -> Fraction | None:
    """Of a car that runs on several kinds at once: every kilometre is driven on all of them, so their costs add up."""
    costs = [cost for one in series if (cost := one.cost_per_100_km(currency)) is not None]
    return sum(costs, Fraction(0)) if len(costs) == len(series) > 1 else None


def series_of(sums: Mapping[SumKey, IntervalSum], last: Mapping[EnergyKind, FuelEntry | None]) -> list[Series]:
    """By kind, in the order of `last`."""
    return [
        Series(kind, {key.currency: total for key, total in sums.items() if key.energy_kind == kind}, entry)
        for kind, entry in last.items()
    ]
