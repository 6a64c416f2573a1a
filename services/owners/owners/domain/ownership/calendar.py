"""Months and years between dates."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from fractions import Fraction

_MONTHS = 12


def month_of(day: date) -> date:
    """The first day of its month."""
    return day.replace(day=1)


def months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last day of a month that is too short for it."""
    year, month = divmod(day.year * _MONTHS + day.month - 1 + months, _MONTHS)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def years_between(first: date, last: date) -> Fraction:
    """Whole years from anniversary to anniversary, and the days after the last one as a share of its year."""
    years = last.year - first.year
    if months_after(first, years * _MONTHS) > last:
        years -= 1
    anniversary = months_after(first, years * _MONTHS)
    length = months_after(first, (years + 1) * _MONTHS) - anniversary
    return years + Fraction((last - anniversary).days, length.days)
