"""The vehicle score: 0 to 100 points with every point explained, as a function of facts and a day.

Source of the weights: the platform's rule for trust ("VehicleScore"): attested 30, odometer 25, timeliness 20,
continuity 15, documentation 10; 100 x earned / possible over the parts that have data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from trust.domain.calendar import month_index, months_between

ATTESTED, ODOMETER, TIMELINESS, CONTINUITY, DOCUMENTATION = 30, 25, 20, 15, 10
WINDOW_MONTHS = 60
REACH_MONTHS = 12
SUSPECT_COST = 5


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the score looks at. Days are local to where it happened; related-party work is already left out."""

    attested_services: Sequence[date]
    entries: int
    proven_entries: int
    history_days: Sequence[date]
    readings: int
    suspect_readings: int
    rollbacks: int
    intervals_in_time: int
    intervals_late: int


@dataclass(frozen=True, slots=True)
class Part:
    """Points earned of points possible, and why in one sentence."""

    name: str
    earned: float
    possible: float
    why: str


@dataclass(frozen=True, slots=True)
class Score:
    """`value` is None when no part has data; `confidence` is the share of all points that have data, 0 to 1."""

    value: int | None
    confidence: float
    parts: tuple[Part, ...]


def vehicle_score(facts: Facts, as_of: date) -> Score:
    """The score on a day (UTC)."""
    today = _local_today(facts, as_of)
    rules: tuple[Callable[[Facts, date], Part | None], ...] = (
        _attested,
        _odometer,
        _timeliness,
        _continuity,
        _documentation,
    )
    parts = tuple(part for rule in rules if (part := rule(facts, today)) is not None)
    possible = sum(part.possible for part in parts)
    if not possible:
        return Score(None, 0.0, ())
    value = round(100 * sum(part.earned for part in parts) / possible)
    return Score(value, possible / (ATTESTED + ODOMETER + TIMELINESS + CONTINUITY + DOCUMENTATION), parts)


def _local_today(facts: Facts, as_of: date) -> date:
    """Where the day begins earlier than in Greenwich, today's facts bear tomorrow's date."""
    tomorrow = as_of + timedelta(days=1)
    return max([as_of, *(day for day in (*facts.attested_services, *facts.history_days) if day == tomorrow)])


def _attested(facts: Facts, as_of: date) -> Part | None:
    if not facts.history_days and not facts.attested_services:
        return None
    now = month_index(as_of)
    services = [month_index(day) for day in facts.attested_services if day <= as_of]
    covered = sum(
        any(abs(month - service) <= REACH_MONTHS for service in services)
        for month in range(now - WINDOW_MONTHS + 1, now + 1)
    )
    return Part(
        "attested",
        _points(ATTESTED * covered / WINDOW_MONTHS),
        ATTESTED,
        f"{covered} of the last {WINDOW_MONTHS} months lie within {REACH_MONTHS} months of an attested service",
    )


def _odometer(facts: Facts, _as_of: date) -> Part | None:
    if not facts.readings:
        return None
    if facts.rollbacks:
        return Part("odometer", 0, ODOMETER, f"{facts.rollbacks} of {facts.readings} readings run backwards")
    return Part(
        "odometer",
        max(0, ODOMETER - SUSPECT_COST * facts.suspect_readings),
        ODOMETER,
        f"{facts.suspect_readings} of {facts.readings} readings are suspect",
    )


def _timeliness(facts: Facts, _as_of: date) -> Part | None:
    known = facts.intervals_in_time + facts.intervals_late
    if not known:
        return None
    return Part(
        "timeliness",
        _points(TIMELINESS * facts.intervals_in_time / known),
        TIMELINESS,
        f"{facts.intervals_in_time} of {known} attested service intervals were kept",
    )


def _continuity(facts: Facts, as_of: date) -> Part | None:
    days = sorted({day for day in facts.history_days if day <= as_of})
    if not days:
        return None
    gap = max(months_between(earlier, later) for earlier, later in pairwise([*days, as_of]))
    share = min(1.0, max(0.0, 1 - (gap - 12) / 24))
    return Part(
        "continuity", _points(CONTINUITY * share), CONTINUITY, f"the longest gap in the history is {gap:.1f} months"
    )


def _documentation(facts: Facts, _as_of: date) -> Part | None:
    if not facts.entries:
        return None
    return Part(
        "documentation",
        _points(DOCUMENTATION * facts.proven_entries / facts.entries),
        DOCUMENTATION,
        f"{facts.proven_entries} of {facts.entries} service entries are attested or have an attachment",
    )


def _points(points: float) -> float:
    return round(points, 2)
