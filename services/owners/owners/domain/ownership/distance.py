"""How far a car was driven. A stretch counts where its later reading was made, so that months add up."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from uuid import UUID


class Shown(NamedTuple):
    """What the odometer showed last: an ok reading. `km` counts all meters that the car has had."""

    reading_id: UUID
    km: int
    observed_on: date


def distance(before: Shown | None, after: Shown | None, first: Shown | None) -> int | None:
    """Kilometres between what the odometer had shown at the beginning and at the end of some days.

    `first` is the car's first reading. None when nobody read the odometer in these days, or only for the first time.
    """
    since = before or first
    if after is None or since is None or after.reading_id == since.reading_id:
        return None
    return after.km - since.km
