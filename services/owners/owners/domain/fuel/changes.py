"""What a use case does to the fills of a car, until their consumption is computed anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

from owners.domain.car import EnergyKind
from owners.domain.fuel.entry import FuelEntry
from owners.domain.fuel.interval import Interval
from owners.domain.odometer.recorded import RecordedReading

ALL_TIME: Final = "all"
NO_CURRENCY: Final = "XXX"
"""ISO 4217's word for no currency: what the intervals cost is not known in one."""


class SumKey(NamedTuple):
    """Which closed intervals are summed: of a month (YYYY-MM) or of all time, by the currency of their cost."""

    energy_kind: EnergyKind
    period: str
    currency: str


class IntervalSum(NamedTuple):
    """A sum over closed intervals."""

    intervals: int = 0
    km: int = 0
    quantity: Decimal = Decimal(0)
    cost_minor: int = 0

    def plus(self, other: IntervalSum) -> IntervalSum:
        """Both."""
        return IntervalSum(
            self.intervals + other.intervals,
            self.km + other.km,
            self.quantity + other.quantity,
            self.cost_minor + other.cost_minor,
        )

    @classmethod
    def of(cls, interval: Interval, times: int = 1) -> IntervalSum:
        """One interval; `times` -1 takes it away."""
        return cls(times, times * interval.km, times * interval.quantity, times * (interval.cost_minor or 0))


class Span(NamedTuple):
    """Where a series changed: from which day to which, and the lowest reading that was or is accepted there."""

    first: date
    last: date
    lowest_km: int | None

    def with_(self, other: Span) -> Span:
        """What covers both."""
        lowest = [km for km in (self.lowest_km, other.lowest_km) if km is not None]
        return Span(min(self.first, other.first), max(self.last, other.last), min(lowest, default=None))


@dataclass(slots=True)
class FuelChanges:
    """Of one car. `spans` says by kind where figures must be computed anew, `sums` what they add to the sums."""

    spans: dict[EnergyKind, Span] = field(default_factory=dict)
    removed: list[UUID] = field(default_factory=list)
    sums: dict[SumKey, IntervalSum] = field(default_factory=dict)

    def touch(self, entry: FuelEntry, reading: RecordedReading | None = None) -> None:
        """Its series must be looked at around it; `reading` is one that counts for it, or did."""
        lowest = [km for km in (entry.accepted_km, None if reading is None else reading.total_km) if km is not None]
        span = Span(entry.filled_on, entry.filled_on, min(lowest, default=None))
        before = self.spans.get(entry.energy_kind)
        self.spans[entry.energy_kind] = span if before is None else before.with_(span)

    def release(self, entry: FuelEntry) -> None:
        """Its figure counts no more, because it goes or changes."""
        self.touch(entry)
        self.count(entry.energy_kind, entry.filled_on, entry.interval, None)

    def remove(self, entry: FuelEntry) -> None:
        """It goes."""
        self.release(entry)
        self.removed.append(entry.id)

    def count(self, kind: EnergyKind, day: date, before: Interval | None, after: Interval | None) -> None:
        """A figure of that day becomes another."""
        for interval, times in ((before, -1), (after, 1)):
            if interval is not None:
                for period in (ALL_TIME, f"{day:%Y-%m}"):
                    key = SumKey(kind, period, interval.currency or NO_CURRENCY)
                    self.sums[key] = self.sums.get(key, IntervalSum()).plus(IntervalSum.of(interval, times))

    def take_sums(self) -> dict[SumKey, IntervalSum]:
        """What changes in the sums, which is handed out once."""
        changed = {key: total for key, total in self.sums.items() if any(total)}
        self.sums = {}
        return changed


def accepted(changed: Iterable[RecordedReading]) -> dict[UUID, int | None]:
    """How far the car had been driven at each fuel entry, after a judgement; None: it has no accepted reading."""
    of_fuel = [one for one in changed if one.fuel_entry_id is not None]
    found: dict[UUID, int | None] = {}
    for one in sorted(of_fuel, key=lambda one: not one.reading.replaced):  # the one in force has the last word
        if one.fuel_entry_id is not None:
            is_ok = one.judgement is not None and one.judgement.verdict == "ok"
            found[one.fuel_entry_id] = one.total_km if is_ok else None
    return found
