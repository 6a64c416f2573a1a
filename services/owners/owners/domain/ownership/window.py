"""From when to when costs are looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from owners.domain.errors import ImpossibleWindow
from owners.domain.ownership.calendar import month_of, months_after

_DAY = timedelta(days=1)


class Days(NamedTuple):
    """Local dates, the last one included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Window:
    """Local dates, the last one included; what is still to come costs nothing yet."""

    first: date
    last: date
    today: date

    @classmethod
    def of(cls, first: date, last: date, today: date) -> Window:
        """Raises ImpossibleWindow for one that ends before it begins."""
        if last < first:
            raise ImpossibleWindow("The window ends before it begins.")
        return cls(first, last, today)

    @property
    def end(self) -> date:
        """The day after the last one that counts; at least the first, when the window has not begun."""
        return max(min(self.last, self.today) + _DAY, self.first)

    @property
    def days(self) -> int | None:
        """How many days of it have come; None for none."""
        return (self.end - self.first).days or None

    @property
    def whole_months(self) -> Days | None:
        """First days of the first and the last month that lie in it entirely."""
        first = month_of(self.first) if self.first.day == 1 else months_after(month_of(self.first), 1)
        after = month_of(self.last + _DAY)
        return Days(first, months_after(after, -1)) if first < after else None

    @property
    def edges(self) -> tuple[Days, ...]:
        """The days in months that lie in it only partly: at most two months."""
        months = self.whole_months
        if months is None:
            return tuple(self._around(month_of(self.first), month_of(self.last)))
        before = [Days(self.first, months.first - _DAY)] if self.first < months.first else []
        rest = months_after(months.last, 1)
        return (*before, *([Days(rest, self.last)] if rest <= self.last else []))

    def _around(self, first_month: date, last_month: date) -> Iterator[Days]:
        yield Days(self.first, self.last) if first_month == last_month else Days(self.first, last_month - _DAY)
        if first_month != last_month:
            yield Days(last_month, self.last)
