"""A reading of an odometer: as it was entered, and in whole kilometres."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal, NamedTuple
from uuid import UUID

from owners.domain.errors import NotAReading

type Unit = Literal["km", "mi"]
type Verdict = Literal["ok", "suspect", "quarantined", "rollback", "replaced"]

MILLIONTHS_OF_KM: Final[dict[Unit, int]] = {"km": 1_000_000, "mi": 1_609_344}
HIGHEST_KM: Final = 100_000_000

_MOST_DECIMALS: Final = 6

_NUMBER: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?", re.ASCII)


class Reading(NamedTuple):
    """One reading. `observed_on` is the date where the car was; `observed_at` is None when only that is known.

    `km` is what the meter shows. Where readings of several meters are compared it counts them all, and `offset_km` of
    it are those that this meter did not count (meter.py).
    """

    id: UUID
    value: Decimal
    unit: Unit
    km: int
    observed_on: date
    observed_at: datetime | None
    attested: bool
    replaced: bool = False
    offset_km: int = 0


def parse_value(text: str) -> Decimal:
    """The number that was typed; raises NotAReading for what is negative or no number of at most 12.6 digits."""
    if not _NUMBER.fullmatch(text):
        raise NotAReading("An odometer reading is a number of at most 12 digits, such as 123456 or 123456.7.")
    return Decimal(text)


def canonical_km(value: Decimal, unit: Unit) -> int:
    """Whole kilometres, half to even; it stops at 100,000,000, far above every odometer, and the value does not."""
    return whole_km(int(value.scaleb(_MOST_DECIMALS)), _MOST_DECIMALS, unit)


def whole_km(digits: int, decimals: int, unit: Unit) -> int:
    """The same for a value given as its digits and how many of them are decimals."""
    divisor: int = 10**decimals * 1_000_000
    km, rest = divmod(digits * MILLIONTHS_OF_KM[unit], divisor)
    if 2 * rest > divisor or (2 * rest == divisor and km % 2):
        km += 1
    return min(km, HIGHEST_KM)
