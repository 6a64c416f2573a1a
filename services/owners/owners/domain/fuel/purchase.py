"""Volume, unit price and total: any two give the third, and three agree within what their digits can tell."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from owners.domain.errors import NotAPurchase

type Derived = Literal["volume", "unit_price", "total"]
"""Which of the three was computed from the other two."""

MAX_TOTAL: Final = 10**15
VOLUME_DECIMALS: Final = 3
PRICE_DECIMALS: Final = 6

_VOLUME: Final = re.compile(r"[0-9]{1,6}(\.[0-9]{1,3})?", re.ASCII)
_PRICE: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?", re.ASCII)
_HALF: Final = Fraction(1, 2)


class Stated(NamedTuple):
    """What somebody told; None: not told. The total is in minor units of a currency with `scale` decimals."""

    volume: Decimal | None
    unit_price: Decimal | None
    total_minor: int | None


class Purchase(NamedTuple):
    """All that follows. `discount_minor` is volume x price - total where the three disagree (negative: a surcharge)."""

    volume: Decimal | None
    unit_price: Decimal | None
    total_minor: int | None
    derived: Derived | None
    discount_minor: int | None

    @property
    def stated(self) -> Stated:
        """What of it was told."""
        return Stated(
            None if self.derived == "volume" else self.volume,
            None if self.derived == "unit_price" else self.unit_price,
            None if self.derived == "total" else self.total_minor,
        )


def parse_volume(text: str) -> Decimal:
    """The number that was typed; raises NotAPurchase for what is no positive number of at most 6.3 digits."""
    if not _VOLUME.fullmatch(text) or not (volume := Decimal(text)):
        raise NotAPurchase("A volume is a number above 0 of at most 6 digits and 3 decimals, such as 38.02.")
    return volume


def parse_unit_price(text: str) -> Decimal:
    """The number that was typed; raises NotAPurchase for what is no number of at most 9.6 digits."""
    if not _PRICE.fullmatch(text):
        raise NotAPurchase("A unit price is a number of at most 9 digits and 6 decimals, such as 78.90.")
    return Decimal(text)


def purchase(stated: Stated, *, scale: int) -> Purchase:
    """The third from any two. Where three disagree the total wins. Raises NotAPurchase for what no pump can ask."""
    volume, price, total = stated
    if volume is not None and price is not None:
        if total is None:
            return _with_total(volume, price, scale)
        agree = agrees(volume, price, total, scale=scale)
        return Purchase(volume, price, total, None, None if agree else _product(volume, price, scale) - total)
    if volume is not None and total is not None:
        return Purchase(volume, _unit_price(volume, total, scale), total, "unit_price", None)
    if price is not None and total is not None:
        return _with_volume(price, total, scale)
    return Purchase(volume, price, total, None, None)


def agrees(volume: Decimal, unit_price: Decimal, total_minor: int, *, scale: int) -> bool:
    """|v p - t| <= v/2 ulp(p) + p/2 ulp(v) + half a minor unit."""
    v, p, minor = Fraction(volume), Fraction(unit_price), Fraction(1, 10**scale)
    tolerance = _HALF * (v * _ulp(unit_price) + p * _ulp(volume) + minor)
    return abs(v * p - total_minor * minor) <= tolerance


def _with_total(volume: Decimal, price: Decimal, scale: int) -> Purchase:
    total = _product(volume, price, scale)
    if total > MAX_TOTAL:
        raise NotAPurchase("Volume and unit price make a total beyond every currency.")
    return Purchase(volume, price, total, "total", None)


def _with_volume(price: Decimal, total: int, scale: int) -> Purchase:
    if not price:
        if total:
            raise NotAPurchase("A unit price of 0 makes no total.")
        return Purchase(None, price, total, None, None)
    volume = _rounded(Fraction(total, 10**scale) / Fraction(price), VOLUME_DECIMALS)
    if not volume:  # so little, or nothing paid: this does not tell how much it was
        return Purchase(None, price, total, None, None)
    return Purchase(parse_volume(format(volume, "f")), price, total, "volume", None)


def _unit_price(volume: Decimal, total: int, scale: int) -> Decimal:
    """The shortest price, from the currency's own decimals on, that makes the total again."""
    exact = Fraction(total, 10**scale) / Fraction(volume)
    price = _rounded(exact, PRICE_DECIMALS)
    for decimals in range(min(scale, PRICE_DECIMALS), PRICE_DECIMALS):
        shorter = _rounded(exact, decimals)
        if _product(volume, shorter, scale) == total:
            price = shorter
            break
    return parse_unit_price(format(price, "f"))


def _product(volume: Decimal, price: Decimal, scale: int) -> int:
    exact: Fraction = Fraction(volume) * Fraction(price) * 10**scale
    return round(exact)  # half to even


def _rounded(exact: Fraction, decimals: int) -> Decimal:
    return Decimal(round(exact * 10**decimals)).scaleb(-decimals)


def _ulp(number: Decimal) -> Fraction:
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        raise NotAPurchase("This is no number.")
    return Fraction(10) ** exponent
