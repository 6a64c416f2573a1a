"""What a car is worth, as time and distance go by.

A curve begins at the purchase price. A valuation of the owner's stands above every formula: between two known values
the curve is a straight line in time, and after the last one the method goes on from it prospectively, as IAS 16.51
and IAS 8.36 want it of a changed estimate: what was before is not restated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from owners.domain.ownership.calendar import years_between
from owners.domain.ownership.rounding import PRECISE, divided, whole

_DAY = timedelta(days=1)
_ONE = Decimal(1)


class Known(NamedTuple):
    """A value that is certain: the price, or a valuation. `at` is the beginning of that day."""

    at: date
    value_minor: int


class Span(NamedTuple):
    """From a known value to the day asked for: the car's age at both ends in years, and what its odometer said."""

    age: Fraction
    until: Fraction
    km: int | None
    until_km: int | None


@dataclass(frozen=True, slots=True)
class StraightLine:
    """(P - R) / N a year, until the residual value is reached."""

    residual_minor: int
    years_of_life: Decimal

    def value(self, known_minor: int, span: Span) -> int | None:
        """What is left of a known value at the span's end."""
        life = Fraction(self.years_of_life)
        return _share_lost(known_minor, self.residual_minor, span.until - span.age, life - span.age)


@dataclass(frozen=True, slots=True)
class Declining:
    """P (1 - r1)^min(t, 1) (1 - r)^max(t - 1, 0), never below the residual value."""

    residual_minor: int
    first_year_percent: Decimal
    later_percent: Decimal

    def value(self, known_minor: int, span: Span) -> int | None:
        """What is left of a known value at the span's end."""
        in_first_year = min(span.until, Fraction(1)) - min(span.age, Fraction(1))
        left = PRECISE.multiply(
            _kept(self.first_year_percent, in_first_year),
            _kept(self.later_percent, span.until - span.age - in_first_year),
        )
        value = whole(PRECISE.multiply(Decimal(known_minor), left))
        return max(value, min(self.residual_minor, known_minor))


@dataclass(frozen=True, slots=True)
class ByDistance:
    """(P - R) / L a kilometre, until the residual value is reached; L counts from the purchase."""

    residual_minor: int
    life_km: int

    def value(self, known_minor: int, span: Span) -> int | None:
        """What is left of a known value at the span's end; None where the odometer is not known."""
        if span.km is None or span.until_km is None:
            return None
        driven = max(span.until_km - span.km, 0)
        return _share_lost(known_minor, self.residual_minor, Fraction(driven), Fraction(self.life_km - span.km))


type Method = StraightLine | Declining | ByDistance


@dataclass(frozen=True, slots=True)
class ValueCurve:
    """The value of one car in one currency. `valuations` hold from the end of their day."""

    purchased_on: date
    price_minor: int
    method: Method | None
    valuations: Sequence[Known] = ()

    @classmethod
    def of(cls, purchased_on: date, price_minor: int, method: Method | None, valued: Mapping[date, int]) -> ValueCurve:
        """With what the owner says that the car was worth on some days; days before the purchase do not count."""
        known = [Known(day + _DAY, value) for day, value in sorted(valued.items()) if day >= purchased_on]
        return cls(purchased_on, price_minor, method, tuple(known))

    def odometer_days(self, *days: date) -> set[date]:
        """Whose beginning's odometer `value` needs for these days."""
        return {*days, *(known.at for known in self.valuations)} if isinstance(self.method, ByDistance) else set()

    def value(self, day: date, odometer: Mapping[date, int]) -> int | None:
        """The value at the beginning of a day; None where it is undefined.

        `odometer` says how far the car had been driven since its purchase at the beginning of some days.
        """
        day = max(day, self.purchased_on)
        known = [Known(self.purchased_on, self.price_minor), *self.valuations]
        for before, after in pairwise(known):
            if before.at <= day <= after.at and before.at < after.at:
                lost = (before.value_minor - after.value_minor) * (day - before.at).days
                return before.value_minor - divided(lost, (after.at - before.at).days)
        last = known[-1]
        if day == last.at:
            return last.value_minor
        if self.method is None:
            return None
        span = Span(
            years_between(self.purchased_on, last.at),
            years_between(self.purchased_on, day),
            0 if last.at == self.purchased_on else odometer.get(last.at),
            odometer.get(day),
        )
        return self.method.value(last.value_minor, span)

    def lost(self, first: date, end: date, odometer: Mapping[date, int]) -> int | None:
        """The depreciation from the beginning of one day to that of another; negative when a valuation rose."""
        if end <= self.purchased_on:
            return None
        before, after = self.value(first, odometer), self.value(end, odometer)
        return None if before is None or after is None else before - after


def _share_lost(known_minor: int, residual_minor: int, used: Fraction, life: Fraction) -> int:
    loss = max(known_minor - residual_minor, 0)
    if used >= life:
        return known_minor - loss if life > 0 else known_minor
    share = used / life
    return divided(known_minor * share.denominator - loss * share.numerator, share.denominator)


def _kept(percent: Decimal, years: Fraction) -> Decimal:
    if years == 0:  # also of 100 %: nothing to the power of nothing is no number to Decimal
        return _ONE
    exponent = PRECISE.divide(Decimal(years.numerator), Decimal(years.denominator))
    kept = PRECISE.subtract(_ONE, PRECISE.divide(percent, Decimal(100)))
    return PRECISE.power(kept, exponent)
