from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owners.domain.errors import ImpossibleWindow
from owners.domain.ownership.calendar import month_of, months_after
from owners.domain.ownership.costs import CostLine, Sums, rate, total_cost
from owners.domain.ownership.loan import Loan, interest_due
from owners.domain.ownership.window import Window

days = st.dates(date(2000, 1, 1), date(2010, 1, 1))


def line(**changes: Any) -> CostLine:
    told: dict[str, Any] = {
        "month": date(2024, 1, 1),
        "category": "parking",
        "energy_kind": None,
        "currency": "RUB",
        "amount_minor": 100,
        "quantity": Decimal(),
        "entries": 1,
        "priced": 1,
        "measured": 0,
    }
    return CostLine(**told | changes)


@given(days, st.integers(0, 500))
def test_every_day_of_a_window_is_in_a_whole_month_or_at_an_edge_and_only_once(first: date, length: int) -> None:
    window = Window.of(first, first + timedelta(days=length), date(2050, 1, 1))
    covered: list[date] = []
    for edge in window.edges:
        assert month_of(edge.first) == month_of(edge.last)
        covered += [edge.first + timedelta(days=n) for n in range((edge.last - edge.first).days + 1)]
    if window.whole_months is not None:
        begin, end = window.whole_months.first, months_after(window.whole_months.last, 1)
        covered += [begin + timedelta(days=n) for n in range((end - begin).days)]
    assert sorted(covered) == [first + timedelta(days=n) for n in range(length + 1)]


def test_days_to_come_do_not_count() -> None:
    window = Window.of(date(2024, 1, 1), date(2024, 12, 31), today=date(2024, 1, 10))
    assert (window.days, window.end) == (10, date(2024, 1, 11))
    future = Window.of(date(2025, 1, 1), date(2025, 12, 31), today=date(2024, 1, 10))
    assert (future.days, future.end) == (None, date(2025, 1, 1))


def test_window_does_not_end_before_it_begins() -> None:
    with pytest.raises(ImpossibleWindow):
        Window.of(date(2024, 1, 2), date(2024, 1, 1), date(2024, 1, 1))


def test_nothing_recorded_is_unknown_and_free_work_is_zero() -> None:
    assert Sums([]).amount_minor is None
    assert Sums([]).quantity is None
    assert Sums([line(amount_minor=0)]).amount_minor == 0
    unpriced = Sums([line(category="fuel", amount_minor=0, priced=0, measured=1, quantity=Decimal("38.02"))])
    assert (unpriced.amount_minor, unpriced.quantity, unpriced.unpriced) == (None, Decimal("38.02"), 1)


def test_currencies_do_not_add_up() -> None:
    sums = Sums([line(), line(currency="EUR", amount_minor=7), line(category="wash", amount_minor=50)])
    assert {currency: each.amount_minor for currency, each in sums.by(lambda one: one.currency).items()} == {
        "EUR": 7,
        "RUB": 150,
    }
    assert sums.of("RUB").by(lambda one: one.category).keys() == {"parking", "wash"}


@pytest.mark.parametrize(
    ("amount", "over", "digits", "expected"),
    [
        (123_456, 1_000, 2, "1.2346"),
        (1, 20_000, 2, "0.0000"),
        (25, 2_000, 2, "0.0001"),
        (1_000, 3, 0, "333.33"),
        (10, 4, 3, "0.00250"),
        (None, 10, 2, None),
        (100, 0, 2, None),
        (100, None, 2, None),
    ],
)
def test_rates_are_half_even_and_undefined_over_nothing(
    amount: int | None, over: int | None, digits: int, expected: str | None
) -> None:
    assert rate(amount, over, digits) == (None if expected is None else Decimal(expected))
    if expected is not None:
        assert str(rate(amount, over, digits)) == expected


@given(
    st.integers(0, 10**12),
    st.integers(-(10**12), 10**12),
    st.integers(1, 10**9),
    st.decimals(0, 100, places=2),
    st.integers(1, 120),
)
def test_total_cost_counts_interest_and_never_principal(
    running: int, depreciation: int, principal: int, percent: Decimal, months: int
) -> None:
    rows = Loan(principal, "RUB", percent, months, date(2024, 1, 15)).schedule()
    interest = interest_due(rows, date(2024, 1, 1), date(2050, 1, 1))
    total = total_cost(running, depreciation, [interest])
    paid_back = sum(row.payment_minor for row in rows)
    assert total == running + depreciation + paid_back - principal


def test_total_cost_is_undefined_while_a_part_is() -> None:
    assert total_cost(None, 5, []) is None
    assert total_cost(5, None, [1]) is None
    assert total_cost(5, 0, []) == 5
