"""The readings that agree with each other: the heaviest sequence in which each may follow the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from owners.domain.odometer.ordering import Placed
from owners.domain.odometer.reach import ReachIndex, may_follow

ATTESTED_WEIGHT: Final = 1_000
OWN_WEIGHT: Final = 1


def weight_of(reading: Placed) -> int:
    """How much a reading counts."""
    return ATTESTED_WEIGHT if reading.attested else OWN_WEIGHT


@dataclass(frozen=True, slots=True, order=True)
class _Rest:
    """The heaviest chain from a reading on; of two as heavy, the one that starts earlier is the greater."""

    weight: int
    minus_place: int


def heaviest_chain(ordered: Sequence[Placed], *, max_km: int) -> list[Placed]:
    """The heaviest chain of readings up to `max_km`; of several as heavy, the one with the earliest readings.

    Below 0 is what a meter cannot have shown that was put in with more on it.
    """
    readings = [reading for reading in ordered if 0 <= reading.km <= max_km]
    if all(may_follow(before, after) for before, after in pairwise(readings)):
        return readings  # every weight is positive, so the whole is heavier than any part
    rests, following = _rests(readings)
    by_place = {reading.place: reading for reading in readings}
    chain: list[Placed] = []
    place: int | None = -max(rests.values()).minus_place
    while place is not None:
        chain.append(by_place[place])
        place = following[place]
    return chain


def _rests(readings: Sequence[Placed]) -> tuple[dict[int, _Rest], dict[int, int | None]]:
    """By place, from the end: the heaviest chain from there, and the place of its next reading."""
    index = ReachIndex[_Rest](readings)
    rests: dict[int, _Rest] = {}
    following: dict[int, int | None] = {}
    for reading in reversed(readings):
        found = index.best(reading)
        rests[reading.place] = _Rest(weight_of(reading) + (found.weight if found else 0), -reading.place)
        following[reading.place] = -found.minus_place if found else None
        index.add(reading, rests[reading.place])
    return rests, following
