"""A part of a history: whole days around what changed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection
from datetime import date
from uuid import UUID

from owners.domain.odometer.calm import is_calm
from owners.domain.odometer.ordering import in_order
from owners.domain.odometer.reading import Reading


def calm_around(touched: Collection[date], readings: Collection[Reading], *, max_km: int) -> bool:
    """Whether the touched days and the days with readings next to each of them are calm."""
    days = sorted({reading.observed_on for reading in readings})
    for day in touched:
        before, after = bisect_left(days, day), bisect_right(days, day)
        near = set(days[max(before - 1, 0) : after + 1])
        if not is_calm(in_order(reading for reading in readings if reading.observed_on in near), max_km=max_km):
            return False
    return True


def last_of(readings: Collection[Reading]) -> UUID | None:
    """The last one in the order of the readings."""
    ordered = in_order(readings)
    return ordered[-1].reading.id if ordered else None
