"""The order in which a car was filled, as far as it is known: a function of the fills, never of their insertion."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

from owners.domain.fuel.consumption import Fill

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def in_order(fills: Iterable[Fill]) -> list[Fill]:
    """By local date; within a day accepted readings by value, as the odometer has them, and the rest among them.

    What has a time stands by it. What has none, nor an accepted reading, stands before the day's last accepted one:
    cans are emptied on the way to a full tank.
    """
    by_day = sorted(fills, key=lambda fill: fill.day)
    return [fill for _, of_day in groupby(by_day, key=lambda fill: fill.day) for fill in _one_day(list(of_day))]


def _one_day(fills: list[Fill]) -> Iterator[Fill]:
    accepted = sorted((fill for fill in fills if fill.km is not None), key=lambda fill: (fill.km, *_tie(fill)))
    timed = [(place, fill.at) for place, fill in enumerate(accepted) if fill.at is not None]
    times = [at for _, at in timed]
    places = [((place, 1), fill) for place, fill in enumerate(accepted)]
    for fill in fills:
        if fill.km is not None:
            continue
        if fill.at is not None and timed:
            later = bisect_right(times, fill.at)
            before = timed[later][0] if later < len(timed) else timed[-1][0] + 1
        else:
            before = max(len(accepted) - 1, 0)
        places.append(((before, 0), fill))
    return (fill for _, fill in sorted(places, key=lambda placed: (placed[0], *_tie(placed[1]))))


def _tie(fill: Fill) -> tuple[datetime, bool, str, str]:
    """Time first; then what is told, so that equal sets have equal figures; then the id."""
    told = f"{fill.level} {fill.missed_before} {fill.quantity} {fill.total_minor} {fill.currency}"
    return fill.at or _EPOCH, fill.level is not None, told, str(fill.id)
