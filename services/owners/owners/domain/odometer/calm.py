"""Where a history is calm: there a change is judged by its neighbours alone.

A link between two readings is calm when one may follow the other by a distance that is plausible for every car. A
history whose readings follow each other by calm links from some day on is judged in two parts: what was read up to
that day is thought of as if nothing had followed, and all that followed is ok. `calm_after` finds the day,
docs/odometer.md proves the rule, and a property test holds it against the judgement of the whole.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from itertools import groupby, pairwise
from typing import Final, NamedTuple

from owners.domain.odometer.chain import weight_of
from owners.domain.odometer.ordering import Placed
from owners.domain.odometer.plausibility import plausible_km
from owners.domain.odometer.reach import may_follow

FROM_THE_START: Final = date.min
"""Nothing precedes what is calm."""


class Standing(NamedTuple):
    """What is known of a history without looking at it: after which day it is calm, if any, and its counters."""

    calm_after: date | None
    reading_count: int
    doubtful_count: int
    rollback_count: int


def is_calm(ordered: Sequence[Placed], *, max_km: int) -> bool:
    """Whether all of these follow each other by calm links."""
    return all(reading.km <= max_km for reading in ordered) and all(
        _calm_link(before, after) for before, after in pairwise(ordered)
    )


def calm_after(ordered: Sequence[Placed], back: Collection[int], chain: Sequence[Placed]) -> date | None:
    """The last day of the part that stands by itself; None when no day is known to divide the history so.

    `back` and `chain` are the judgement of the whole: the places that show a rollback, and the heaviest chain.
    """
    links_are_calm = all(_calm_link(before, after) for before, after in pairwise(chain))
    first = next((reading.place for reading in ordered if reading.place not in back), None)
    if not links_are_calm or (chain and chain[0].place != first):
        return None
    start = _start_of_calm(ordered, chain)
    if start == 0:
        return FROM_THE_START
    odd = {reading.place for reading in ordered[:start]} - {reading.place for reading in chain} - set(back)
    missing = _missing_weight(ordered[:start], odd, back)
    highest = max((reading.km for reading in ordered[:start] if reading.attested), default=0)
    for day, readings in groupby(ordered[start:], key=lambda reading: reading.day):
        of_day = list(readings)
        missing -= sum(weight_of(reading) for reading in of_day)
        whole = ordered[start - 1].day != day
        if whole and missing < 0 and of_day[-1].km >= highest:
            return date.fromordinal(day)
    return None


def _calm_link(before: Placed, after: Placed) -> bool:
    return may_follow(before, after) and after.km - before.km <= plausible_km(after.day - before.day, 0)


def _start_of_calm(ordered: Sequence[Placed], chain: Sequence[Placed]) -> int:
    """From which place on every reading is in the chain."""
    start = len(ordered)
    for reading in reversed(chain):
        if reading.place != start - 1:
            break
        start -= 1
    return start


def _missing_weight(head: Sequence[Placed], odd: Collection[int], back: Collection[int]) -> int:
    """How much more than this must follow, so that no chain which ends with an odd reading is as heavy as the chain.

    Such a chain leaves the heaviest one somewhere, and from there on gains at most all that is odd.
    """
    missing = gained = 0
    for reading in reversed(head):
        if reading.place in odd:
            gained += weight_of(reading)
            missing = max(missing, gained)
        elif reading.place not in back:
            gained -= weight_of(reading)
    return missing
