"""Running costs of a window, and what owning the car cost altogether. Amounts of different currencies never add."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

from owners.domain.car import EnergyKind
from owners.domain.ownership.rounding import PRECISE
from owners.domain.records import ExpenseCategory

type CostCategory = ExpenseCategory | Literal["fuel"]

RATE_DECIMALS = 2
"""A cost per kilometre or day has so many decimals more than its currency."""


@dataclass(frozen=True, slots=True)
class CostLine:
    """What entries of one month, category, kind of energy and currency come to.

    Of `entries`, `priced` tell what they cost and `measured` how much was filled. `currency` is None when none of them
    tells one. `converted_minor` is the amount itself where rates made it of another currency's.
    """

    month: date
    category: CostCategory
    energy_kind: EnergyKind | None
    currency: str | None
    amount_minor: int
    quantity: Decimal
    entries: int
    priced: int
    measured: int
    converted_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """Cost lines added up: of one currency, or (for quantities only) of several."""

    lines: Sequence[CostLine]

    @property
    def amount_minor(self) -> int | None:
        """What is known to have been paid; None when no entry tells it."""
        return sum(line.amount_minor for line in self.lines) if any(line.priced for line in self.lines) else None

    @property
    def converted_minor(self) -> int | None:
        """How much of it rates made of amounts in other currencies; None when they made nothing of it."""
        converted = [line.converted_minor for line in self.lines if line.converted_minor is not None]
        return sum(converted) if converted else None

    @property
    def quantity(self) -> Decimal | None:
        """Litres, kWh or kg; None when no entry tells any."""
        if not any(line.measured for line in self.lines):
            return None
        return sum((line.quantity for line in self.lines), Decimal())

    @property
    def entries(self) -> int:
        """How many."""
        return sum(line.entries for line in self.lines)

    @property
    def unpriced(self) -> int:
        """How many of them do not tell what they cost."""
        return self.entries - sum(line.priced for line in self.lines)

    def of(self, currency: str | None) -> Sums:
        """Those in a currency."""
        return Sums([line for line in self.lines if line.currency == currency])

    def fuel(self) -> Sums:
        """Fuel and charging alone."""
        return Sums([line for line in self.lines if line.category == "fuel"])

    def by[Key](self, key: Callable[[CostLine], Key]) -> dict[Key, Sums]:
        """Grouped; keys in the order of their names."""
        keys = sorted({key(line) for line in self.lines}, key=str)
        return {each: Sums([line for line in self.lines if key(line) == each]) for each in keys}


def rate(amount_minor: int | None, over: int | None, digits: int) -> Decimal | None:
    """An amount for each kilometre or day, in the currency's main unit; None where nothing, or not over anything.

    `digits` is the currency's scale; half to even.
    """
    if amount_minor is None or not over:
        return None
    exact = PRECISE.divide(Decimal(amount_minor).scaleb(-digits), Decimal(over))
    return exact.quantize(Decimal(1).scaleb(-digits - RATE_DECIMALS), ROUND_HALF_EVEN)


def total_cost(running_minor: int | None, depreciation_minor: int | None, interest_minors: Iterable[int]) -> int | None:
    """Running costs + depreciation + the interest of a loan where there is one, never its principal.

    None while running costs or depreciation are not known.
    """
    if running_minor is None or depreciation_minor is None:
        return None
    return running_minor + depreciation_minor + sum(interest_minors)
