"""Money is rounded half to even, to the currency's minor unit: exact integers in, an exact integer out."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

PRECISE: Final = Context(prec=60, rounding=ROUND_HALF_EVEN)
"""Far more digits than an amount of 10^15 minor units needs, so that only the last step rounds."""


def divided(numerator: int, denominator: int) -> int:
    """The quotient, half to even. The denominator is positive."""
    whole, rest = divmod(numerator, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and whole % 2):
        whole += 1
    return whole


def whole(amount: Decimal) -> int:
    """The amount in whole minor units, half to even."""
    return int(amount.to_integral_value(ROUND_HALF_EVEN, PRECISE))
