"""Replaced meters: what each one shows, in kilometres that the car has been driven altogether."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import accumulate
from typing import NamedTuple, Self
from uuid import UUID

from owners.domain.odometer.reading import Reading, Unit
from owners.domain.records import Attestation


class MeterReplacement(NamedTuple):
    """A service center attests that it put in another meter, which was there when it handed the car over.

    `removed_value` is None when the old one could not be read: then `removed_km` is the car's last good reading.
    `voided`: the order was about another car, so nothing counts by it.
    """

    id: UUID
    removed_value: Decimal | None
    removed_unit: Unit
    removed_km: int
    installed_value: Decimal
    installed_unit: Unit
    installed_km: int
    replaced_on: date
    replaced_at: datetime
    time_zone: str
    reason: str
    author_id: UUID
    created_at: datetime
    attestation: Attestation
    voided: bool = False

    @property
    def offset_km(self) -> int:
        """What the new meter shows too little beside the old one; negative when it shows more."""
        return self.removed_km - self.installed_km


@dataclass(frozen=True, slots=True)
class Meters:
    """All meters of a car, in the order in which they were in it; `offsets[n]` is what number n shows too little."""

    replacements: Sequence[MeterReplacement]
    offsets: Sequence[int]

    @classmethod
    def of(cls, replacements: Collection[MeterReplacement]) -> Self:
        """A function of the set: whatever order they became known in."""
        in_force = [one for one in replacements if not one.voided]
        ordered = sorted(in_force, key=lambda one: (one.replaced_at, str(one.id)))
        return cls(ordered, tuple(accumulate((one.offset_km for one in ordered), initial=0)))

    @property
    def offset_km(self) -> int:
        """Of the one that is in the car now."""
        return self.offsets[-1]

    def offset_at(self, km: int, on: date, at: datetime | None) -> int:
        """What the meter shows too little which showed these kilometres then; `at` is None when only the day is known.

        After a hand-over it was the new meter, and before its day the old one. On that day, unless it is known to be
        after the hand-over, it was the one whose last or first reading is nearer, of two as near the earlier.
        """
        earliest = latest = 0
        for number, one in enumerate(self.replacements, start=1):
            if on > one.replaced_on if at is None else at >= one.replaced_at:
                earliest, latest = number, max(latest, number)
            elif on >= one.replaced_on:
                latest = number
        numbers = range(earliest, latest + 1)
        return self.offsets[min(numbers, key=lambda number: (self._miss(number, numbers, km), number))]

    def counted(self, readings: Collection[Reading]) -> list[Reading]:
        """The readings with all kilometres that the car had been driven, as one meter would have shown them."""
        counted = []
        for reading in readings:
            offset = self.offset_at(reading.km, reading.observed_on, reading.observed_at)
            counted.append(reading._replace(km=reading.km + offset, offset_km=offset))
        return counted

    def _miss(self, number: int, possible: range, km: int) -> int:
        """How far the kilometres are from what a meter showed that day: it ended, began, or did both."""
        first = self.replacements[number - 1].installed_km if number > possible.start else None
        last = self.replacements[number].removed_km if number < possible.stop - 1 else None
        if first is not None and last is not None:
            return max(first - km, km - last, 0)
        return abs(km - (first if first is not None else last or 0))
