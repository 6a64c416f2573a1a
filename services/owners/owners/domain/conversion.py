"""Currencies never add: an entry in another currency than its car's counts there by the rate that it carries."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final, NamedTuple

from owners.domain.errors import NotARate

MOST_CONVERTED: Final = 10**15
"""In minor units, as of every other amount."""
_RATE: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,8})?", re.ASCII)
_EXACT: Final = Context(prec=60)

type Digits = Callable[[str], int]
"""How many decimals a currency's minor unit stands for."""


class Rated(NamedTuple):
    """A rate, the currency that it leads to, and what an amount comes to there in minor units: all or none of them.

    The rate is units of that currency for one unit of the amount's own.
    """

    rate: Decimal | None = None
    rate_to: str | None = None
    converted_minor: int | None = None


UNRATED: Final = Rated()


def parse_rate(text: str) -> Decimal:
    """The rate that was typed; raises NotARate for what is not above 0, or has too many digits."""
    if not _RATE.fullmatch(text) or not (rate := Decimal(text)):
        raise NotARate("A rate is a number above 0 with at most 9 digits and 8 decimals, such as 92.6345.")
    return rate


def rated(
    amount_minor: int | None, currency: str | None, rate: Decimal | None, rate_to: str, *, digits: Digits
) -> Rated:
    """The amount by the rate, the exact product rounded half to even; raises NotARate where a rate makes no sense."""
    if rate is None:
        return UNRATED
    if amount_minor is None or currency is None:
        raise NotARate("A rate belongs to an amount: tell that as well.")
    if currency == rate_to:
        raise NotARate("This amount is in the car's own currency: it needs no rate.")
    product = _EXACT.multiply(Decimal(amount_minor), rate).scaleb(digits(rate_to) - digits(currency), _EXACT)
    converted = int(product.quantize(Decimal(1), ROUND_HALF_EVEN, _EXACT))
    if converted > MOST_CONVERTED:
        raise NotARate("By this rate the amount is higher than any that is kept.")
    return Rated(rate, rate_to, converted)


def rated_anew(
    before: Rated, told: Rated, amount_minor: int | None, currency: str | None, was: str | None, *, digits: Digits
) -> Rated:
    """After an edit: by the rate that is `told`, or else by the one `before`, as long as the currency is what it was.

    `told` holds a rate and its currency, or only the currency to take the rate away, or neither.
    """
    if told.rate_to is not None:
        return rated(amount_minor, currency, told.rate, told.rate_to, digits=digits)
    if before.rate_to is None or amount_minor is None or currency != was:
        return UNRATED
    return rated(amount_minor, currency, before.rate, before.rate_to, digits=digits)
