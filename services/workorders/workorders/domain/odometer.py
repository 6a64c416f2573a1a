"""The reading at hand-over: plausible against the car's last good one, explained away, or not taken at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

from workorders.domain.errors import ImplausibleOdometer

type Unit = Literal["km", "mi"]

KM_PER_MILE: Final = Fraction("1.609344")
MAX_KM: Final = 1_000_000
MAX_CANDIDATES: Final = 10

# The limits of a link in a car's chain of readings, as the owners service judges them.
_TOP_SPEED_KMH: Final = 400
_TOP_SPEED_SLACK_KM: Final = 2
_TOP_KM_PER_DAY_TOUCHED: Final = 9_600
_USUAL_KM_PER_DAY: Final = 300
_ALWAYS_USUAL_KM: Final = 1_500


@dataclass(frozen=True, slots=True)
class Override:
    """Why a reading that looks wrong is right. The photo shows the instrument."""

    reason: str
    photo_sha256: str


@dataclass(frozen=True, slots=True)
class Measured:
    """What the instrument shows."""

    value: Decimal
    unit: Unit
    override: Override | None = None

    @property
    def km(self) -> int:
        """Canonical kilometres, half-even."""
        return _km(self.value, self.unit)


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
    if _plausible(reading.km, last, moment):
        return Measured(reading.value, reading.unit)
    if reading.override is not None:
        return reading
    known = f"the last good reading is {last.km} km" if last else f"more than {MAX_KM} km is hardly possible"
    raise ImplausibleOdometer(
        f"{reading.value:f} {reading.unit} is not plausible: {known}. Correct it, or give a reason and a photo.",
        tuple(_candidates(reading, last, moment)) if last else (),
    )


def _plausible(km: int, last: LastReading | None, moment: Moment) -> bool:
    if km > MAX_KM:
        return False
    return last is None or last.km <= km <= last.km + _furthest(last, moment)


def _furthest(last: LastReading, moment: Moment) -> Fraction:
    """How many kilometres can lie between the two readings without raising a doubt."""
    days = max(0, (moment.on - last.observed_on).days)
    usual = Fraction(max(_ALWAYS_USUAL_KM, _USUAL_KM_PER_DAY * days))
    if last.observed_at is None:
        return min(usual, Fraction(_TOP_KM_PER_DAY_TOUCHED * (days + 1)))
    hours = max(Fraction(0), Fraction((moment.at - last.observed_at).total_seconds()) / 3600)
    return min(usual, _TOP_SPEED_KMH * hours + _TOP_SPEED_SLACK_KM)


def _candidates(reading: Measured, last: LastReading, moment: Moment) -> list[str]:
    """Plausible readings that one digit or the unit tells apart from what was entered, nearest to the last first."""
    explained: dict[str, int] = {}
    for value, unit in _slips(str(int(reading.value)), reading.unit):
        km = _km(Decimal(value), unit)
        if _plausible(km, last, moment):
            explained[f"{value} {unit}"] = km - last.km
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
