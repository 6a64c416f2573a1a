import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owners.domain.errors import ImpossibleLoan
from owners.domain.ownership.loan import Effect, ExtraPayment, Loan, interest_due

MONEY = json.loads((Path(__file__).parent / "vectors" / "money.json").read_text())
FIRST = date(2024, 1, 31)

rates = st.decimals(min_value=0, max_value=400, places=4)
loans = st.builds(
    Loan,
    principal_minor=st.integers(1, 10**15),
    currency=st.just("RUB"),
    annual_rate_percent=rates,
    months=st.integers(1, 600),
    first_payment_on=st.dates(date(2000, 1, 1), date(2100, 1, 1)),
)


def car_loan(*extras: ExtraPayment, months: int = 60, rate: str = "6") -> Loan:
    return Loan(2_000_000, "USD", Decimal(rate), months, FIRST, extras)


@pytest.mark.parametrize("vector", MONEY["loans"], ids=lambda vector: vector["annual_rate_percent"])
def test_loans_are_the_vectors(vector: dict[str, Any]) -> None:
    loan = Loan(vector["principal"], "RUB", Decimal(vector["annual_rate_percent"]), vector["months"], FIRST)
    rows = loan.schedule()
    assert len(rows) == vector["months"]
    assert loan.payment_minor == vector["payment"] == rows[0].payment_minor
    assert rows[-1].payment_minor == vector["last_payment"]
    assert sum(row.interest_minor for row in rows) == vector["total_interest"]
    for count, balance in vector["balance_after"].items():
        assert rows[int(count) - 1].balance_minor == balance
    for count, interest in vector["interest_after"].items():
        assert sum(row.interest_minor for row in rows[: int(count)]) == interest


@given(loans)
def test_principal_parts_are_the_principal_and_payments_are_interest_and_principal(loan: Loan) -> None:
    rows = loan.schedule()
    assert sum(row.principal_minor for row in rows) == loan.principal_minor
    assert all(row.payment_minor == row.interest_minor + row.principal_minor for row in rows)
    assert rows[-1].balance_minor == 0
    assert all(row.payment_minor == loan.payment_minor for row in rows[:-1])
    assert all(row.interest_minor >= 0 and row.principal_minor >= 0 for row in rows)


@given(loans, st.integers(0, 700), st.sampled_from(["shorter_term", "smaller_payment"]), st.integers(1, 10**6))
def test_extra_payment_is_principal_and_makes_no_loan_longer_or_dearer(
    loan: Loan, day: int, effect: Effect, share: int
) -> None:
    plain = loan.schedule()
    extra = ExtraPayment(date.fromordinal(loan.first_payment_on.toordinal() + day), 1, effect)
    at = next((row for row in plain if row.due_on >= extra.paid_on), None)
    if at is None or at.balance_minor == 0:
        with pytest.raises(ImpossibleLoan):
            Loan(
                loan.principal_minor, "RUB", loan.annual_rate_percent, loan.months, loan.first_payment_on, [extra]
            ).schedule()
        return
    amount = max(1, at.balance_minor * share // 10**6)
    rows = Loan(
        loan.principal_minor,
        loan.currency,
        loan.annual_rate_percent,
        loan.months,
        loan.first_payment_on,
        [ExtraPayment(extra.paid_on, amount, effect)],
    ).schedule()
    assert sum(row.principal_minor + row.extra_minor for row in rows) == loan.principal_minor
    assert rows[: at.number - 1] == plain[: at.number - 1]
    assert rows[at.number - 1].extra_minor == amount
    if effect == "shorter_term":
        assert sum(row.interest_minor for row in rows) <= sum(row.interest_minor for row in plain)
        assert len(rows) <= len(plain)
    # A smaller payment is rounded anew, which on a debt of kopecks may outweigh what was paid extra.
    assert len(rows) <= loan.months


def test_extra_payment_shortens_the_term_or_lowers_the_payment() -> None:
    extra = (date(2024, 12, 1), 500_000)
    shorter = car_loan(ExtraPayment(*extra, "shorter_term")).schedule()
    smaller = car_loan(ExtraPayment(*extra, "smaller_payment")).schedule()
    assert shorter[11].balance_minor == smaller[11].balance_minor == 1_646_389 - 500_000
    assert (len(shorter), shorter[12].payment_minor) == (45, 38_666)
    assert (len(smaller), smaller[12].payment_minor) == (60, 26_923)


def test_payments_are_due_on_the_last_day_of_months_that_are_too_short() -> None:
    assert [row.due_on for row in car_loan(months=4).schedule()] == [
        date(2024, 1, 31),
        date(2024, 2, 29),
        date(2024, 3, 31),
        date(2024, 4, 30),
    ]


def test_interest_belongs_to_the_days_on_which_it_falls_due() -> None:
    rows = car_loan().schedule()
    assert interest_due(rows, date(2024, 1, 31), date(2024, 2, 1)) == 10_000
    assert interest_due(rows, date(2024, 2, 1), date(2024, 2, 29)) == 0
    assert interest_due(rows, date(2024, 1, 1), date(2025, 1, 1)) == 110_381
    assert interest_due(rows, date(2020, 1, 1), date(2040, 1, 1)) == 319_935


@pytest.mark.parametrize(
    "extras",
    [
        [ExtraPayment(date(2024, 1, 1), 2_000_001, "shorter_term")],
        [ExtraPayment(date(2040, 1, 1), 1, "shorter_term")],
        [
            ExtraPayment(date(2024, 1, 1), 1_900_000, "smaller_payment"),
            ExtraPayment(date(2024, 1, 2), 100_000, "shorter_term"),
        ],
    ],
)
def test_nobody_pays_back_more_than_is_owed(extras: list[ExtraPayment]) -> None:
    with pytest.raises(ImpossibleLoan):
        car_loan(*extras).schedule()


def test_loan_that_an_extra_payment_ends_is_over() -> None:
    rows = car_loan(ExtraPayment(date(2024, 1, 31), 1_971_334, "shorter_term")).schedule()
    assert len(rows) == 1
    assert (rows[0].balance_minor, rows[0].interest_minor) == (0, 10_000)
