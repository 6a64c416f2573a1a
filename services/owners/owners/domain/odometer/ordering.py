"""The order in which readings were made, as far as it is known."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import accumulate, groupby
from typing import Final, NamedTuple

from owners.domain.odometer.reading import Reading

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Placed(NamedTuple):
    """A reading with its place in the order. `second` (POSIX) is None when only the day is known."""

    place: int
    km: int
    day: int
    second: int | None
    attested: bool
    reading: Reading


def in_order(readings: Iterable[Reading]) -> list[Placed]:
    """Sorted by local date, then time, then value: a total order that only the readings themselves decide.

    Instants, not clock faces, order one day's readings, so that a car may cross time zones. A reading without a time
    stands where its value fits into its day: before the first one that shows as much.
    """
    by_day = sorted(readings, key=lambda reading: reading.observed_on)
    ordered = [
        reading
        for _, of_day in groupby(by_day, key=lambda reading: reading.observed_on)
        for reading in _one_day(list(of_day))
    ]
    return [
        Placed(place, reading.km, reading.observed_on.toordinal(), _second(reading), reading.attested, reading)
        for place, reading in enumerate(ordered)
    ]


def _one_day(readings: list[Reading]) -> Iterator[Reading]:
    timed = sorted((reading for reading in readings if reading.observed_at), key=lambda r: (_second(r), *_tie(r)))
    highest_so_far = list(accumulate((reading.km for reading in timed), max))
    places = [((place, 1), reading) for place, reading in enumerate(timed)]
    places += [
        ((bisect_left(highest_so_far, reading.km), 0), reading) for reading in readings if reading.observed_at is None
    ]
    return (reading for _, reading in sorted(places, key=lambda placed: (placed[0], *_tie(placed[1]))))


def _tie(reading: Reading) -> tuple[int, bool, str]:
    return reading.km, not reading.attested, str(reading.id)


def _second(reading: Reading) -> int | None:
    if reading.observed_at is None:
        return None
    since = reading.observed_at - _EPOCH
    return since.days * 86_400 + since.seconds
