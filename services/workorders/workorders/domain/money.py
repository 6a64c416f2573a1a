"""Exact money: integer minor units, rounded half-even per line; totals are sums of rounded lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from workorders.domain.errors import InvalidInput

MAX_LINE_MINOR: Final = 10**12
"""A line's amount before tax. With 300 lines and 100 % tax the total stays below 10^15: JSON-safe, and a bigint."""

_DEFAULT_SCALE: Final = 2
_SCALES: Final = MappingProxyType(
    dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    )
    | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)
)


def scale_of(currency: str) -> int:
    """How many decimals the currency's minor unit has (ISO 4217)."""
    return _SCALES.get(currency, _DEFAULT_SCALE)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the currency's minor unit."""

    minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Amounts:
    """What a line, a job or an order comes to, in minor units. `net + tax = total`; the discount is already off."""

    net: int = 0
    discount: int = 0
    tax: int = 0
    total: int = 0

    def __add__(self, other: Amounts) -> Amounts:
        return Amounts(
            self.net + other.net, self.discount + other.discount, self.tax + other.tax, self.total + other.total
        )


def sum_of(amounts: Iterable[Amounts]) -> Amounts:
    """Their sum; nothing is rounded again."""
    return sum(amounts, Amounts())


@dataclass(frozen=True, slots=True)
class Pricing:
    """How an order's lines are priced: frozen when it is opened."""

    currency: str
    prices_include_tax: bool

    def minor(self, money: Money | None, *, field: str) -> int:
        """The amount, 0 for none; raises InvalidInput for another currency: currencies never add."""
        if money is None:
            return 0
        if money.currency != self.currency:
            raise InvalidInput(f"The work order is in {self.currency}.", field=field, code="currency_differs")
        return money.minor

    def gross(self, quantity: Decimal, unit_price: Decimal) -> int:
        """Quantity x price in minor units, before any discount; raises InvalidInput when it is out of bounds."""
        (count, per_count), (price, per_price) = quantity.as_integer_ratio(), unit_price.as_integer_ratio()
        minor_per_major: int = 10 ** scale_of(self.currency)
        gross = _half_even(count * price * minor_per_major, per_count * per_price)
        if gross > MAX_LINE_MINOR:
            raise InvalidInput("The line's amount is too large.", field="", code="amount_too_large")
        return gross

    def line(self, charged: int, discount: int, tax_percent: Decimal) -> Amounts:
        """What is charged, with tax on top of it or in it; `discount` is what was taken off before."""
        percent, per_unit = tax_percent.as_integer_ratio()
        if self.prices_include_tax:
            tax = _half_even(charged * percent, 100 * per_unit + percent)
            return Amounts(net=charged - tax, discount=discount, tax=tax, total=charged)
        tax = _half_even(charged * percent, 100 * per_unit)
        return Amounts(net=charged, discount=discount, tax=tax, total=charged + tax)


def _half_even(numerator: int, denominator: int) -> int:
    """The exact quotient, rounded once; as `round` of a Fraction, which costs ten times as much."""
    whole, rest = divmod(numerator, denominator)
    if 2 * rest == denominator:
        return whole + whole % 2
    return whole + (2 * rest > denominator)


def spread(discount: int, weights: Sequence[int]) -> list[int]:
    """The discount in whole minor units over the weights, by largest remainder; ties go to the earlier.

    Precondition: 0 <= discount <= the sum of the weights. No share is then larger than its weight.
    """
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    shares = [discount * weight // whole for weight in weights]
    remainders = [discount * weight % whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: -remainders[place])
    for place in by_remainder[: discount - sum(shares)]:
        shares[place] += 1
    return shares
