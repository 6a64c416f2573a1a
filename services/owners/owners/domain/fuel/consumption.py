"""Full-to-full consumption of one kind of energy.

An interval runs from an anchor to the next stop at the same level: a full tank, or an equal state of charge. What was
filled after the anchor up to and with that stop, over the distance from the anchor, is what the car consumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

from owners.domain.fuel.interval import Interval

FULL: Final = 100
SAME_LEVEL: Final = 1
"""States of charge this close, in percent, are equal."""


class Fill(NamedTuple):
    """What consumption depends on. `km` is an accepted reading; `level` is in percent, None when it is not known.

    `interval` is the figure that the fill owns as far as was known before.
    """

    id: UUID
    day: date
    at: datetime | None
    km: int | None
    quantity: Decimal | None
    level: int | None
    electric: bool
    missed_before: bool
    total_minor: int | None
    currency: str | None
    interval: Interval | None = None


class Anchor(NamedTuple):
    """Where an interval may begin."""

    id: UUID
    km: int
    level: int


class Figure(NamedTuple):
    """A fill, and the interval that it closes, if any."""

    fill: Fill
    interval: Interval | None


class _Poured(NamedTuple):
    """Sums over a run of fills: what, how many without a total, and by currency how many with one and how much."""

    quantity: Decimal = Decimal(0)
    unpriced: int = 0
    paid: tuple[tuple[str, int, int], ...] = ()

    def with_(self, fill: Fill) -> _Poured:
        quantity = self.quantity + (fill.quantity or 0)
        if fill.total_minor is None or fill.currency is None:
            return self._replace(quantity=quantity, unpriced=self.unpriced + 1)
        paid = {currency: (count, minor) for currency, count, minor in self.paid}
        count, minor = paid.get(fill.currency, (0, 0))
        paid[fill.currency] = count + 1, minor + fill.total_minor
        return self._replace(quantity=quantity, paid=tuple((currency, *sums) for currency, sums in paid.items()))

    def cost_since(self, before: _Poured) -> tuple[str, int] | None:
        """The cost of what was poured in between, when all of it is known in one currency."""
        past = {currency: (count, minor) for currency, count, minor in before.paid}
        costs = [
            (currency, minor - past.get(currency, (0, 0))[1])
            for currency, count, minor in self.paid
            if count > past.get(currency, (0, 0))[0]
        ]
        return costs[0] if len(costs) == 1 and self.unpriced == before.unpriced else None


class FullToFull:
    """Takes fills in their order (see `in_order`) and tells which interval each of them closes.

    Intervals never overlap. An electric car's begins at the latest stop since the last closed one that left with the
    same charge, so that a single trip on a fuller battery does not end all figures.
    """

    def __init__(self, anchor: Anchor | None = None) -> None:
        """`anchor`: the end of the interval that was closed before, None to begin at the very first fill."""
        self._poured = _Poured()
        self._anchors = {} if anchor is None else {anchor.level: (anchor, self._poured)}  # the latest is the last
        self._stop: list[Fill] = []
        self._since_stop: list[Fill] = []

    def feed(self, fill: Fill) -> Iterator[Figure]:
        """The figures that are decided now: fills at one reading are one stop, whose last fill owns the figure."""
        if self._stop and fill.km == self._stop[0].km:
            self._stop += [*self._since_stop, fill]
            self._since_stop = []
        elif self._stop and fill.km is None:
            self._since_stop.append(fill)
        else:
            yield from self.finish()
            if fill.km is not None:
                self._stop = [fill]
            else:
                self._pour(fill)
                yield Figure(fill, None)

    def finish(self) -> Iterator[Figure]:
        """The figures of the stop that nothing can be added to any more, and of what followed it."""
        stop, since = self._stop, self._since_stop
        self._stop, self._since_stop = [], []
        if stop:
            interval = self._leave(stop)
            yield from (Figure(fill, None) for fill in stop[:-1])
            yield Figure(stop[-1], interval)
        for fill in since:
            self._pour(fill)
            yield Figure(fill, None)

    def _leave(self, stop: Sequence[Fill]) -> Interval | None:
        for fill in stop:
            self._pour(fill)
        end, level = stop[-1], _level(stop)
        if end.km is None or level is None:
            return None
        here = Anchor(end.id, end.km, level)
        interval = self._interval_to(here)
        if interval is not None:
            self._anchors.clear()
        self._anchors.pop(level, None)
        self._anchors[level] = here, self._poured
        return interval

    def _pour(self, fill: Fill) -> None:
        if fill.missed_before or fill.quantity is None:
            self._anchors.clear()
        self._poured = self._poured.with_(fill)

    def _interval_to(self, end: Anchor) -> Interval | None:
        for anchor, poured in reversed(self._anchors.values()):
            if abs(anchor.level - end.level) <= SAME_LEVEL and anchor.km < end.km:
                currency, cost = self._poured.cost_since(poured) or (None, None)
                quantity = self._poured.quantity - poured.quantity
                return Interval(anchor.id, end.km - anchor.km, quantity, cost, currency)
        return None


def _level(stop: Sequence[Fill]) -> int | None:
    """In what state a stop leaves the car: nothing burns at a standstill, but a battery is known by its last charge."""
    if stop[-1].electric:
        return stop[-1].level
    return FULL if any(fill.level == FULL for fill in stop) else None
