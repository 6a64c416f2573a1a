"""Calendar months, as people count them."""

from __future__ import annotations

import calendar
from datetime import date

MONTHS_IN_YEAR = 12


def add_months(day: date, months: int) -> date:
    """The same day so many months later (or earlier), or that month's last day where it is shorter."""
    index = month_index(day) + months
    year, month = divmod(index, MONTHS_IN_YEAR)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def month_index(day: date) -> int:
    """Months since the year 0, so that months subtract."""
    return day.year * MONTHS_IN_YEAR + day.month - 1


def months_between(earlier: date, later: date) -> float:
    """Months from one day to another, part months by days of 30.4375 (a year's mean month)."""
    return (later - earlier).days / 30.4375
