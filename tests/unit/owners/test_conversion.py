from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owners.currencies import minor_digits
from owners.domain.conversion import MOST_CONVERTED, UNRATED, Rated, parse_rate, rated, rated_anew
from owners.domain.errors import NotARate

CURRENCIES = st.sampled_from(["RUB", "JPY", "KWD", "EUR"])
RATES = st.builds(lambda digits, scale: Decimal(digits).scaleb(-scale), st.integers(1, 10**9), st.integers(0, 8))


@pytest.mark.parametrize(
    ("amount", "currency", "rate", "to", "converted"),
    [
        (100_00, "KZT", "0.1835", "RUB", 18_35),
        (1_500, "JPY", "0.6172", "RUB", 925_80),  # no minor unit there
        (1_500, "KWD", "3.25", "EUR", 4_88),  # 1.5 KWD are 4.875 EUR
        (1_00, "EUR", "0.125", "KWD", 125),
        (99, "RUB", "0.61", "JPY", 1),
        (50, "RUB", "1", "JPY", 0),  # half to even: 0.5
        (1_50, "RUB", "1", "JPY", 2),  # and 1.5
        (0, "RUB", "12", "JPY", 0),
    ],
)
def test_amount_is_converted_to_the_other_currency_s_own_minor_unit(
    amount: int, currency: str, rate: str, to: str, converted: int
) -> None:
    found = rated(amount, currency, Decimal(rate), to, digits=minor_digits)
    assert found == Rated(Decimal(rate), to, converted)


@given(st.integers(0, 10**15), CURRENCIES, RATES, CURRENCIES)
def test_converted_amount_is_the_exact_product_rounded_half_to_even(
    amount: int, currency: str, rate: Decimal, to: str
) -> None:
    exact = Fraction(amount) * Fraction(rate) * Fraction(10) ** (minor_digits(to) - minor_digits(currency))
    if currency == to or round(exact) > MOST_CONVERTED:
        with pytest.raises(NotARate):
            rated(amount, currency, rate, to, digits=minor_digits)
    else:
        assert rated(amount, currency, rate, to, digits=minor_digits).converted_minor == round(exact)


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "0.00000000",
        "-1",
        "+1",
        "NaN",
        "Infinity",
        "1e400",
        "1" + "0" * 30,
        "0.123456789",
        "",
        " 1",
        "1,5",
        "٣",
        "1_0",
    ],
)
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(NotARate):
        parse_rate(text)


@pytest.mark.parametrize(("amount", "currency"), [(None, "KZT"), (None, None), (5, "RUB")])
def test_rate_without_anything_to_convert_is_refused(amount: int | None, currency: str | None) -> None:
    with pytest.raises(NotARate):
        rated(amount, currency, Decimal(2), "RUB", digits=minor_digits)


def test_edit_recalculates_what_stays_and_forgets_the_rate_of_another_currency() -> None:
    before = Rated(Decimal("0.2"), "RUB", 20_00)

    def after(told: Rated, amount: int | None, currency: str | None) -> Rated:
        return rated_anew(before, told, amount, currency, "KZT", digits=minor_digits)

    assert after(UNRATED, 200_00, "KZT") == Rated(Decimal("0.2"), "RUB", 40_00)
    assert after(UNRATED, 200_00, "EUR") == UNRATED
    assert after(UNRATED, None, None) == UNRATED
    assert after(Rated(rate_to="EUR"), 200_00, "KZT") == UNRATED
    assert after(Rated(Decimal("0.002"), "EUR"), 200_00, "KZT") == Rated(Decimal("0.002"), "EUR", 40)
