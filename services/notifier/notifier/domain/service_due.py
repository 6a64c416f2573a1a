"""When completed work is due again."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Interval:
    """After how much distance, or how many months, work is due again."""

    km: int | None
    months: int | None


def next_due(
    intervals: Iterable[Interval], *, odometer_km: int | None, done_on: date
) -> tuple[int | None, date | None]:
    """The nearest reading (km) and the nearest day at which any of the work is due again; None = no such limit.

    Without a reading at completion a distance says nothing.
    """
    listed = list(intervals)
    distances = [interval.km for interval in listed if interval.km is not None]
    months = [interval.months for interval in listed if interval.months is not None]
    due_km = odometer_km + min(distances) if distances and odometer_km is not None else None
    return due_km, add_months(done_on, min(months)) if months else None


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
