"""Whether a distance between two readings is one that this car may well have driven."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

from owners.domain.odometer.ordering import Placed

PLAUSIBLE_KM: Final = 1_500
PLAUSIBLE_KM_PER_DAY: Final = 300
TIMES_MEDIAN: Final = 5


@dataclass(frozen=True, slots=True)
class Link:
    """What lies between two days with readings. `rate` is in whole metres a day."""

    km: int
    days: int

    @property
    def rate(self) -> int:
        """Metres a day, rounded down."""
        return self.km * 1_000 // self.days


def plausible_km(days: int, median_rate: int) -> int:
    """The longest plausible distance: 1,500 km, 300 km a day or 5 times the median rate, whichever is most."""
    return max(PLAUSIBLE_KM, PLAUSIBLE_KM_PER_DAY * days, TIMES_MEDIAN * median_rate * days // 1_000)


def days_of(chain: Sequence[Placed]) -> list[list[Placed]]:
    """The chain, day by day."""
    return [list(readings) for _, readings in groupby(chain, key=lambda reading: reading.day)]


def links_between(days: Sequence[Sequence[Placed]]) -> list[Link]:
    """From each day's last reading to the next day's first."""
    return [Link(after[0].km - before[-1].km, after[0].day - before[-1].day) for before, after in pairwise(days)]


def median(sorted_rates: Sequence[int]) -> int:
    """The middle rate, or the mean of the two middle ones rounded down; 0 when there is none."""
    if not sorted_rates:
        return 0
    half = len(sorted_rates) // 2
    return sorted_rates[half] if len(sorted_rates) % 2 else (sorted_rates[half - 1] + sorted_rates[half]) // 2


def unsupported(chain: Sequence[Placed]) -> set[int]:
    """Places of the chain's readings that only a long link reaches, and that no plausible later link supports.

    A link is long beside the median of the *other* links: it is no measure of itself.
    """
    days = days_of(chain)
    links = links_between(days)
    rates = sorted(link.rate for link in links)
    long = [link.km > plausible_km(link.days, _median_without(rates, link.rate)) for link in links]
    doubtful: set[int] = set()
    for number, readings in enumerate(days):
        supported = number < len(links) and not long[number]
        if not supported:
            reached_by_long = number > 0 and long[number - 1]
            doubtful |= _doubtful_of_day(readings, doubted=reached_by_long)
    return doubtful


def _doubtful_of_day(readings: Sequence[Placed], *, doubted: bool) -> set[int]:
    places = {readings[0].place} if doubted else set()
    for before, after in pairwise(readings):
        doubted = doubted or after.km - before.km > PLAUSIBLE_KM
        if doubted:
            places.add(after.place)
    return places


def _median_without(sorted_rates: Sequence[int], rate: int) -> int:
    """The median of the rates less this one, in O(log n)."""
    skipped = bisect_left(sorted_rates, rate)
    count = len(sorted_rates) - 1
    if count == 0:
        return 0

    def at(position: int) -> int:
        return sorted_rates[position if position < skipped else position + 1]

    half = count // 2
    return at(half) if count % 2 else (at(half - 1) + at(half)) // 2
