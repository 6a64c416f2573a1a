from datetime import date, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trust.domain.calendar import add_months
from trust.domain.recommendation import DeclinedItem, DoneItem, Due, Interval, Source, Status, matter, proposals

DUE_ON = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("odometer", "expected"),
    [
        (None, Status.OPEN),
        (8_999, Status.OPEN),
        (9_000, Status.UPCOMING),
        (10_000, Status.DUE),
        (10_500, Status.DUE),
        (10_501, Status.OVERDUE),
    ],
)
def test_distance_alone_makes_it_nearer(odometer: int | None, expected: Status) -> None:
    assert Due(10_000, None).status(odometer, DUE_ON) is expected


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 5, 1), Status.OPEN),
        (date(2026, 5, 2), Status.UPCOMING),
        (date(2026, 6, 1), Status.DUE),
        (date(2026, 6, 15), Status.DUE),
        (date(2026, 6, 16), Status.OVERDUE),
    ],
)
def test_date_alone_makes_it_nearer(today: date, expected: Status) -> None:
    assert Due(None, DUE_ON).status(None, today) is expected


def test_whichever_comes_first_decides() -> None:
    assert Due(10_000, DUE_ON).status(10_000, date(2026, 1, 1)) is Status.DUE
    assert Due(10_000, DUE_ON).status(1_000, DUE_ON) is Status.DUE


@given(st.integers(-400, 400))
def test_between_two_named_changes_the_date_alone_changes_nothing(offset: int) -> None:
    today, due = DUE_ON + timedelta(days=offset), Due(None, DUE_ON)
    following = due.next_change(today)
    until = following or today + timedelta(days=100)
    for days in range((until - today).days):
        assert due.status(None, today + timedelta(days=days)) is due.status(None, today)
    if following is not None:
        assert due.status(None, following) is not due.status(None, today)


def test_distances_count_from_the_reading_of_that_very_service() -> None:
    item = DoneItem(uuid4(), "Oil", Interval(10_000, 12))
    (proposal,) = proposals([item], [], completed_on=date(2026, 1, 31), odometer_km=187_420)
    assert (proposal.due.km, proposal.due.on, proposal.source) == (197_420, date(2027, 1, 31), Source.INTERVAL)


def test_an_unreadable_odometer_leaves_the_date() -> None:
    item = DoneItem(uuid4(), "Oil", Interval(10_000, 12))
    (proposal,) = proposals([item], [], completed_on=date(2026, 1, 31), odometer_km=None)
    assert proposal.due == Due(None, date(2027, 1, 31))


def test_work_without_an_interval_recommends_nothing_and_declined_work_always_does() -> None:
    done, declined = DoneItem(uuid4(), "Oil", None), DeclinedItem(uuid4(), "Timing belt", None)
    (proposal,) = proposals([done], [declined], completed_on=DUE_ON, odometer_km=1)
    assert (proposal.title, proposal.source, proposal.due) == ("Timing belt", Source.DECLINED, Due(None, None))


def test_titles_that_differ_in_case_spacing_or_yo_mean_the_same() -> None:
    assert matter("Свечи  накала — чёрные ") == matter("свечи накала — черные")
    assert matter("Масло") != matter("Масляный фильтр")


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
    ],
)
def test_months_end_where_the_shorter_month_ends(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected
