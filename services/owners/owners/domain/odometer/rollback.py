"""Readings that show an odometer turned back: two that agree with each other, well below an earlier attested one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from owners.domain.odometer.ordering import Placed
from owners.domain.odometer.reach import ReachIndex

MIN_DROP_KM: Final = 50
MIN_DROP_SHARE: Final = 1_000  # one in a thousand


def rolled_back(ordered: Sequence[Placed]) -> set[int]:
    """Places of the readings that show a rollback. More readings never make one disappear."""
    floors = _floors(ordered)
    low = [reading for reading in ordered if _metres(reading) < floors[reading.day]]
    if len(low) < 2:  # noqa: PLR2004 - it takes two to agree
        return set()
    return _with_later_partner(low, floors) | _with_earlier_partner(low, floors)


def _metres(reading: Placed) -> int:
    return reading.km * 1_000


def _floors(ordered: Sequence[Placed]) -> dict[int, int]:
    """By day: the metres below which a reading contradicts what was attested on an earlier day."""
    floors: dict[int, int] = {}
    highest = 0
    for day, readings in groupby(ordered, key=lambda reading: reading.day):
        floors[day] = highest * 1_000 - max(MIN_DROP_KM * 1_000, highest * 1_000 // MIN_DROP_SHARE)
        highest = max([highest, *(reading.km for reading in readings if reading.attested)])
    return floors


def _with_later_partner(low: Sequence[Placed], floors: dict[int, int]) -> set[int]:
    """Readings that a later day's reading agrees with, if that one too is below the floor of the first one's day."""
    later = ReachIndex[int](low)
    found: set[int] = set()
    for day, group in groupby(reversed(low), key=lambda reading: reading.day):
        readings = list(group)
        for reading in readings:
            negative_metres = later.best(reading)
            if negative_metres is not None and -negative_metres < floors[day]:
                found.add(reading.place)
        for reading in readings:
            later.add(reading, -_metres(reading))
    return found


def _with_earlier_partner(low: Sequence[Placed], floors: dict[int, int]) -> set[int]:
    """Readings that an earlier day's reading agrees with, and that are below the floor of that day."""
    earlier = ReachIndex[int](low, backwards=True)
    found: set[int] = set()
    for day, group in groupby(low, key=lambda reading: reading.day):
        readings = list(group)
        for reading in readings:
            floor = earlier.best(reading)
            if floor is not None and _metres(reading) < floor:
                found.add(reading.place)
        for reading in readings:
            earlier.add(reading, floors[day])
    return found
