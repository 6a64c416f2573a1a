"""The reading at hand-over: plausible against the car's last good one, explained away, or not taken at all.

After the meter was replaced, the old one's last reading is held against the last good one, and the new one's against
what it began at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

from workorders.domain.errors import ImplausibleOdometer, InvalidInput

type Unit = Literal["km", "mi"]

KM_PER_MILE: Final = Fraction("1.609344")
MAX_KM: Final = 1_000_000
MAX_CANDIDATES: Final = 10
_REPLACEMENT: Final = "odometer/meter_replacement"

# The limits of a link in a car's chain of readings, as the owners service judges them.
_TOP_SPEED_KMH: Final = 400
_TOP_SPEED_SLACK_KM: Final = 2
_TOP_KM_PER_DAY_TOUCHED: Final = 9_600
_USUAL_KM_PER_DAY: Final = 300
_ALWAYS_USUAL_KM: Final = 1_500
_TEST_DRIVE_KM: Final = 100


@dataclass(frozen=True, slots=True)
class Override:
    """Why a reading that looks wrong is right. The photo shows the instrument."""

    reason: str
    photo_sha256: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a meter shows, or showed."""

    value: Decimal
    unit: Unit
    override: Override | None = None

    @property
    def km(self) -> int:
        """Canonical kilometres, half-even."""
        return _km(self.value, self.unit)


@dataclass(frozen=True, slots=True)
class Replacement:
    """The meter that was taken out and the one that was put in. `removed` is None when it could not be read.

    `removed_km` is what the old one counts up to, once the replacement is accepted.
    """

    removed: Shown | None
    installed: Shown
    reason: str
    removed_km: int | None = None


@dataclass(frozen=True, slots=True)
class Measured(Shown):
    """What the meter shows at hand-over: the new one, where it was replaced."""

    replacement: Replacement | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """No reading can be taken, so none is attested."""

    reason: str


type OdometerOut = Measured | Unreadable


@dataclass(frozen=True, slots=True)
class LastReading:
    """The car's last good reading. `observed_at` is None when only the day is known."""

    km: int
    observed_on: date
    observed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Moment:
    """When the reading is taken: the instant, and the date on the center's calendar."""

    at: datetime
    on: date


def accept(reading: Measured, last: LastReading | None, moment: Moment) -> Measured:
    """The reading as it is attested: the override stays on record only where it was needed.

    Raises ImplausibleOdometer with the readings that one slip of the hand would explain.
    """
    if reading.replacement is None:
        return _accepted(reading, _Limits.after(last, moment))
    replacement = _accept_replacement(reading.replacement, last, moment)
    began = replacement.installed.km
    limits = _Limits(began, began + _TEST_DRIVE_KM, f"the new meter began at {began} km")
    return replace(_accepted(reading, limits), replacement=replacement)


def _accept_replacement(told: Replacement, last: LastReading | None, moment: Moment) -> Replacement:
    if told.removed is not None:
        removed = _accepted(told.removed, _Limits.after(last, moment), field=f"{_REPLACEMENT}/removed")
        return replace(told, removed=removed, removed_km=removed.km)
    if last is None:
        raise InvalidInput(
            "No reading of the old meter is known, so the new one continues none: leave meter_replacement out.",
            field=f"{_REPLACEMENT}/removed",
            code="unknown",
        )
    return replace(told, removed_km=max(last.km, 0))


@dataclass(frozen=True, slots=True)
class _Limits:
    """The plausible kilometres, both included; `known` says in words why, and is None when nothing is known."""

    lowest: int
    highest: Fraction | int
    known: str | None

    @classmethod
    def after(cls, last: LastReading | None, moment: Moment) -> _Limits:
        if last is None:
            return cls(0, MAX_KM, None)
        return cls(last.km, last.km + _furthest(last, moment), f"the last good reading is {last.km} km")

    def allow(self, km: int) -> bool:
        return self.lowest <= km <= min(self.highest, MAX_KM)


def _accepted[S: Shown](reading: S, limits: _Limits, field: str = "odometer") -> S:
    """The reading, with its override only where that was needed; raises ImplausibleOdometer."""
    if limits.allow(reading.km):
        return replace(reading, override=None)
    if reading.override is not None:
        return reading
    known = limits.known or f"more than {MAX_KM} km is hardly possible"
    raise ImplausibleOdometer(
        f"{reading.value:f} {reading.unit} is not plausible: {known}. Correct it, or give a reason and a photo.",
        tuple(_candidates(reading, limits)) if limits.known else (),
        field,
    )


def _furthest(last: LastReading, moment: Moment) -> Fraction:
    """How many kilometres can lie between the two readings without raising a doubt."""
    days = max(0, (moment.on - last.observed_on).days)
    usual = Fraction(max(_ALWAYS_USUAL_KM, _USUAL_KM_PER_DAY * days))
    if last.observed_at is None:
        return min(usual, Fraction(_TOP_KM_PER_DAY_TOUCHED * (days + 1)))
    hours = max(Fraction(0), Fraction((moment.at - last.observed_at).total_seconds()) / 3600)
    return min(usual, _TOP_SPEED_KMH * hours + _TOP_SPEED_SLACK_KM)


def _candidates(reading: Shown, limits: _Limits) -> list[str]:
    """Plausible readings that one digit or the unit tells apart from what was entered, the lowest first."""
    explained: dict[str, int] = {}
    for value, unit in _slips(str(int(reading.value)), reading.unit):
        km = _km(Decimal(value), unit)
        if limits.allow(km):
            explained[f"{value} {unit}"] = km
    return sorted(explained, key=lambda text: (explained[text], text))[:MAX_CANDIDATES]


def _slips(digits: str, unit: Unit) -> Iterator[tuple[str, Unit]]:
    yield digits, "mi" if unit == "km" else "km"
    for slip in _one_digit_away(digits):
        yield str(int(slip)), unit


def _one_digit_away(digits: str) -> Iterator[str]:
    """One digit too many, swapped with its neighbour, wrong, or missing."""
    places = range(len(digits))
    if len(digits) > 1:
        yield from (digits[:i] + digits[i + 1 :] for i in places)
        yield from (digits[:i] + digits[i + 1] + digits[i] + digits[i + 2 :] for i in places[:-1])
    yield from (digits[:i] + digit + digits[i + 1 :] for i in places for digit in "0123456789" if digit != digits[i])
    yield from (digits[:i] + digit + digits[i:] for i in range(len(digits) + 1) for digit in "0123456789")


def _km(value: Decimal, unit: Unit) -> int:
    return round(Fraction(value) * (KM_PER_MILE if unit == "mi" else 1))
