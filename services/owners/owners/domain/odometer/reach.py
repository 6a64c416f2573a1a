"""How far a car can have gone between two readings, and the quick search for readings within that reach."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Any, Final

from owners.domain.odometer.ordering import Placed

SECONDS_PER_KM: Final = 9  # 400 km/h
SLACK_KM: Final = 2
KM_PER_DAY: Final = 9_600  # 400 km/h for 24 hours

_CLOCK_SLACK: Final = SECONDS_PER_KM * SLACK_KM


def reach_km(before: Placed, after: Placed) -> int:
    """The longest distance between two readings: 400 km/h + 2 km, or 9,600 km for each day touched without times."""
    if before.second is not None and after.second is not None:
        return (after.second - before.second + _CLOCK_SLACK) // SECONDS_PER_KM
    return KM_PER_DAY * (after.day - before.day + 1)


def may_follow(before: Placed, after: Placed) -> bool:
    """Whether one car can have shown both: not less than before, and within its reach."""
    return 0 <= after.km - before.km <= reach_km(before, after)


class ReachIndex[P]:
    """The best payload among the readings added that may follow a given one, or, backwards, precede it.

    Both conditions of `may_follow` compare sums that belong to one reading each (km >= km, and km less the reach of
    its own time), so each search is a dominance query: O(log² n), where trying every pair would be O(n).
    """

    def __init__(self, readings: Iterable[Placed], *, backwards: bool = False) -> None:
        """`readings`: all that will be added or asked about."""
        self._sign = -1 if backwards else 1
        levels = sorted({self._sign * reading.km for reading in readings}, reverse=True)
        self._rank = {level: rank for rank, level in enumerate(levels, start=1)}
        self._timed, self._untimed, self._all = (_Dominance[P](len(levels)) for _ in range(3))

    def add(self, reading: Placed, payload: P) -> None:
        """Makes the reading findable. Payloads are compared with each other."""
        rank = self._rank[self._sign * reading.km]
        day_key = self._day_key(reading)
        self._all.add(rank, day_key, payload)
        if reading.second is None:
            self._untimed.add(rank, day_key, payload)
        else:
            self._timed.add(rank, self._clock_key(reading, reading.second), payload)

    def best(self, reading: Placed) -> P | None:
        """The greatest payload within reach of the reading; None when there is nothing within reach."""
        rank = self._rank[self._sign * reading.km]
        by_day = self._day_key(reading) + KM_PER_DAY
        if reading.second is None:
            return self._all.best(rank, by_day)
        by_clock = self._clock_key(reading, reading.second) + _CLOCK_SLACK
        found = [self._timed.best(rank, by_clock), self._untimed.best(rank, by_day)]
        return max((payload for payload in found if payload is not None), default=None, key=_itself)

    def _day_key(self, reading: Placed) -> int:
        return self._sign * (reading.km - KM_PER_DAY * reading.day)

    def _clock_key(self, reading: Placed, second: int) -> int:
        return self._sign * (SECONDS_PER_KM * reading.km - second)


class _Dominance[P]:
    """Greatest payload among entries with rank <= r and key <= k: a Fenwick tree whose nodes are staircases."""

    def __init__(self, ranks: int) -> None:
        self._keys: list[list[int]] = [[] for _ in range(ranks + 1)]
        self._payloads: list[list[Any]] = [[] for _ in range(ranks + 1)]

    def add(self, rank: int, key: int, payload: P) -> None:
        while rank < len(self._keys):
            _climb(self._keys[rank], self._payloads[rank], key, payload)
            rank += rank & -rank

    def best(self, rank: int, key: int) -> P | None:
        best: P | None = None
        while rank > 0:
            step = bisect_right(self._keys[rank], key)
            if step and (best is None or self._payloads[rank][step - 1] > best):
                best = self._payloads[rank][step - 1]
            rank -= rank & -rank
        return best


def _climb(keys: list[int], payloads: list[Any], key: int, payload: Any) -> None:
    """Keeps both lists ascending: an entry stays only while no lower key has as great a payload."""
    start = bisect_left(keys, key)
    if start and payloads[start - 1] >= payload:
        return
    if start < len(keys) and keys[start] == key and payloads[start] >= payload:
        return
    end = start
    while end < len(keys) and payloads[end] <= payload:
        end += 1
    keys[start:end] = [key]
    payloads[start:end] = [payload]


def _itself(payload: Any) -> Any:
    return payload
