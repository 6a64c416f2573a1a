"""Amounts, dates and distances as the reader writes them (CLDR)."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import NumberPattern, parse_pattern
from babel.units import format_unit

from notifier.domain.conventions import Conventions
from notifier.domain.money import major_units, scale
from notifier.domain.templates import Odometer

_REMEMBERED: Final = 4096
"""What CLDR makes of a number or a day costs 20 us; a page of an inbox has two hundred, and is asked for again."""
_KM_PER_MILE = Decimal("1.609344")
_CODE_BEFORE_DIGITS = re.compile(r"(?<=[A-Z])(?=\d)")
"""Where CLDR asks for a space that Babel leaves out: RUB 12,500.00."""
_UNITS = {"km": "length-kilometer", "mi": "length-mile"}


@lru_cache(_REMEMBERED)
def money(amount_minor: int, currency: str, conventions: Conventions) -> str:
    """The amount with the currency's sign and all of its decimals."""
    pattern = _currency_pattern(conventions.locale, scale(currency))
    value = major_units(amount_minor, currency)
    applied = pattern.apply(value, conventions.locale, currency=currency, currency_digits=False)
    return _CODE_BEFORE_DIGITS.sub("\N{NO-BREAK SPACE}", applied)


@lru_cache(_REMEMBERED)
def day(iso_date: str, conventions: Conventions) -> str:
    """A calendar date, wherever it happened."""
    return format_date(date.fromisoformat(iso_date), "d MMMM y", locale=conventions.locale)


@lru_cache(_REMEMBERED)
def instant(moment: datetime, conventions: Conventions) -> str:
    """An instant on the reader's own clock."""
    return format_datetime(moment, "d MMMM y, HH:mm", tzinfo=zone(conventions.time_zone), locale=conventions.locale)


def distance(km: int, conventions: Conventions) -> str:
    """A distance or reading in the reader's unit, rounded to whole ones."""
    value = Decimal(km) / _KM_PER_MILE if conventions.distance_unit == "mi" else Decimal(km)
    return _in_unit(value.quantize(Decimal(1), ROUND_HALF_EVEN), conventions.distance_unit, conventions.locale)


def odometer(reading: Odometer, conventions: Conventions) -> str:
    """The reading as it was entered when the reader counts in the same unit, converted otherwise."""
    if reading.unit == conventions.distance_unit:
        return _in_unit(Decimal(reading.value), reading.unit, conventions.locale)
    return distance(reading.km, conventions)


def zone(name: str) -> ZoneInfo:
    """The time zone, UTC for one that this machine's tables do not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


@lru_cache(_REMEMBERED)
def _in_unit(value: Decimal, unit: str, locale: str) -> str:
    return format_unit(value, _UNITS[unit], length="short", locale=locale)


@cache
def _currency_pattern(locale: str, decimals: int) -> NumberPattern:
    pattern = parse_pattern(Locale.parse(locale).currency_formats["standard"].pattern)
    pattern.frac_prec = (decimals, decimals)
    return pattern
