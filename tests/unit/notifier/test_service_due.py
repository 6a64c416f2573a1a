from datetime import date

import pytest

from notifier.domain.service_due import Interval, add_months, next_due

DONE = date(2026, 8, 31)


@pytest.mark.parametrize(
    ("intervals", "odometer_km", "due"),
    [
        ([], 100_000, (None, None)),
        ([Interval(15_000, None)], 100_000, (115_000, None)),
        ([Interval(15_000, 12), Interval(10_000, 24)], 100_000, (110_000, date(2027, 8, 31))),
        ([Interval(None, 6)], 100_000, (None, date(2027, 2, 28))),
        ([Interval(15_000, 6)], None, (None, date(2027, 2, 28))),
    ],
)
def test_the_nearest_limit_of_each_kind_counts(
    intervals: list[Interval], odometer_km: int | None, due: tuple[int | None, date | None]
) -> None:
    assert next_due(intervals, odometer_km=odometer_km, done_on=DONE) == due


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 12, 15), 1, date(2026, 1, 15)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 3, 1), 600, date(2076, 3, 1)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_month_s_last(day: date, months: int, later: date) -> None:
    assert add_months(day, months) == later
