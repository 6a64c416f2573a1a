"""What a reading that does not fit was probably meant to be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from owners.domain.odometer.ordering import Placed
from owners.domain.odometer.plausibility import days_of, links_between, median, plausible_km
from owners.domain.odometer.reach import reach_km
from owners.domain.odometer.reading import Reading, canonical_km, whole_km

MAX_CANDIDATES: Final = 10
_DIGITS: Final = "0123456789"


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains readings by one wrong digit or the wrong unit, in the light of the readings that are believed."""

    believed: Sequence[Placed]
    median_rate: int
    max_km: int

    @classmethod
    def beside(cls, believed: Sequence[Placed], *, max_km: int) -> Explainer:
        """`believed`: the ok readings in order."""
        rates = sorted(link.rate for link in links_between(days_of(believed)))
        return cls(believed, median(rates), max_km)

    def candidates(self, odd: Placed, following: int) -> tuple[int, ...]:
        """Kilometres that it may have meant, the likeliest first, as its meter would have shown them.

        `following`: how many believed ones precede it.
        """
        before = self.believed[following - 1] if following > 0 else None
        after = self.believed[following] if following < len(self.believed) else None
        possible = self._possible(odd, before, after)
        if not possible:
            return ()
        offset = odd.reading.offset_km
        expected = self._expected(odd, before, after) - offset
        fitting = [km for km in alternatives(odd.reading) if km + offset in possible]
        return tuple(sorted(fitting, key=lambda km: (abs(km - expected), km))[:MAX_CANDIDATES])

    def _possible(self, odd: Placed, before: Placed | None, after: Placed | None) -> range:
        """Between its neighbours and within reach of both; beside the only one, within a plausible link of it."""
        if before and after:
            lowest = max(before.km, after.km - reach_km(odd, after))
            return range(lowest, min(after.km, before.km + reach_km(before, odd), self.max_km) + 1)
        if before:
            plausible = plausible_km(odd.day - before.day, self.median_rate)
            return range(before.km, min(before.km + min(plausible, reach_km(before, odd)), self.max_km) + 1)
        if after:
            plausible = plausible_km(after.day - odd.day, self.median_rate)
            return range(max(0, after.km - min(plausible, reach_km(odd, after))), after.km + 1)
        return range(0)

    def _expected(self, odd: Placed, before: Placed | None, after: Placed | None) -> int:
        """Interpolated between its neighbours; beside the only one, from the car's median rate."""
        if before and after:
            days = after.day - before.day
            share = (after.km - before.km) * (odd.day - before.day) // days if days else 0
            return before.km + share
        neighbour = before or after
        if neighbour is None:
            return odd.km
        return neighbour.km + (odd.day - neighbour.day) * self.median_rate // 1_000


def alternatives(reading: Reading) -> set[int]:
    """Kilometres of every value that one slip turns into this one: a digit or the unit."""
    digits, _, fraction = format(reading.value, "f").partition(".")
    found = {whole_km(int(other + fraction), len(fraction), reading.unit) for other in _one_digit_off(digits)}
    found.add(canonical_km(reading.value, "mi" if reading.unit == "km" else "km"))
    return found - {reading.km - reading.offset_km}


def _one_digit_off(digits: str) -> Iterator[str]:
    """Every number from which dropping, inserting, substituting or transposing one digit makes these digits."""
    for place in range(len(digits) + 1):
        head, tail = digits[:place], digits[place:]
        yield from (head + digit + tail for digit in _DIGITS)
        if tail:
            yield from (head + digit + tail[1:] for digit in _DIGITS)
            if len(digits) > 1:
                yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
