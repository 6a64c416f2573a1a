"""A closed interval, and figures per 100 km."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final
from uuid import UUID

_DECIMALS: Final = 2


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed full-to-full interval, owned by its last entry. The quantity is in litres, kWh or kg, exactly.

    `cost_minor` and `currency` are None unless every fill in it has a total, all in one currency.
    """

    from_id: UUID
    km: int
    quantity: Decimal
    cost_minor: int | None
    currency: str | None

    @property
    def per_100_km(self) -> Decimal:
        """Litres, kWh or kg, to the hundredth."""
        return hundredths(Fraction(self.quantity), self.km)


def hundredths(amount: Fraction, km: int) -> Decimal:
    """So much per 100 km, half to even."""
    return Decimal(round(amount * 100 / km * 10**_DECIMALS)).scaleb(-_DECIMALS)
