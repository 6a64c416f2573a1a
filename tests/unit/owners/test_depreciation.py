import json
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owners.domain.ownership.calendar import years_between
from owners.domain.ownership.depreciation import ByDistance, Declining, Method, StraightLine, ValueCurve

MONEY = json.loads((Path(__file__).parent / "vectors" / "money.json").read_text())
BOUGHT = date(2020, 2, 29)
PRICE = 3_000_000

percents = st.decimals(0, 100, places=2)
residuals = st.integers(0, 4_000_000)
methods = st.one_of(
    st.builds(StraightLine, residuals, st.decimals(Decimal("0.1"), 60, places=1)),
    st.builds(Declining, residuals, percents, percents),
    st.builds(ByDistance, residuals, st.integers(1, 1_000_000)),
)


def method_of(vector: dict[str, Any]) -> Method:
    if vector["method"] == "declining":
        return Declining(0, Decimal(vector["first_year_percent"]), Decimal(vector["later_percent"]))
    if vector["method"] == "straight_line":
        return StraightLine(vector["residual"], Decimal(vector["years_of_life"]))
    return ByDistance(vector["residual"], vector["life_km"])


@pytest.mark.parametrize("vector", MONEY["depreciation"], ids=lambda vector: vector["method"])
def test_values_are_the_vectors(vector: dict[str, Any]) -> None:
    curve = ValueCurve.of(date(2021, 3, 1), vector["price"], method_of(vector), {})
    day = date(2021 + vector.get("years", 0), 3, 1) + timedelta(days=1 if "km" in vector else 0)
    value = curve.value(day, {day: vector.get("km", 0)})
    assert value == vector["value"]
    assert curve.lost(date(2021, 3, 1), day, {day: vector.get("km", 0)}) == vector["price"] - vector["value"]


@given(methods, st.lists(st.integers(0, 20_000), min_size=2, max_size=10))
def test_value_never_rises_by_itself_and_stays_between_residual_and_price(method: Method, ages: list[int]) -> None:
    curve = ValueCurve.of(BOUGHT, PRICE, method, {})
    days = [BOUGHT + timedelta(days=age) for age in sorted(ages)]
    odometer = {day: 37 * (day - BOUGHT).days for day in days}
    values = [curve.value(day, odometer) for day in days]
    assert all(value is not None and min(method.residual_minor, PRICE) <= value <= PRICE for value in values)
    assert all(before is not None and after is not None and before >= after for before, after in pairwise(values))


@given(
    methods,
    st.dictionaries(st.dates(date(2019, 1, 1), date(2030, 1, 1)), st.integers(0, 5_000_000), max_size=4),
    st.lists(st.dates(date(2019, 1, 1), date(2040, 1, 1)), min_size=3, max_size=3),
)
def test_losses_of_adjoining_windows_add_up(method: Method, valued: dict[date, int], days: list[date]) -> None:
    curve = ValueCurve.of(BOUGHT, PRICE, method, valued)
    first, middle, last = sorted(days)
    odometer = {day: 11 * (day - date(2019, 1, 1)).days for day in curve.odometer_days(first, middle, last, BOUGHT)}
    parts = curve.lost(first, middle, odometer), curve.lost(middle, last, odometer)
    if None not in parts:
        assert curve.lost(first, last, odometer) == sum(part or 0 for part in parts)
    if last > BOUGHT:
        assert curve.lost(first, last, odometer) is not None


@given(methods, st.integers(0, 5_000_000))
def test_valuation_overrides_every_method_from_the_end_of_its_day(method: Method, worth: int) -> None:
    curve = ValueCurve.of(BOUGHT, PRICE, method, {date(2022, 6, 30): worth})
    odometer = {date(2022, 7, 1): 1, date(2024, 1, 1): 100_000}
    assert curve.value(date(2022, 7, 1), odometer) == worth
    later = curve.value(date(2024, 1, 1), odometer)
    assert later is not None
    assert min(method.residual_minor, worth) <= later <= worth


def test_value_between_two_known_ones_is_on_a_straight_line() -> None:
    curve = ValueCurve.of(date(2023, 1, 1), 1_000_000, None, {date(2023, 12, 31): 635_000, date(2024, 4, 9): 735_000})
    assert curve.value(date(2023, 1, 2), {}) == 999_000
    assert curve.value(date(2024, 1, 1), {}) == 635_000
    assert curve.value(date(2024, 1, 11), {}) == 645_000
    assert curve.lost(date(2023, 1, 1), date(2024, 4, 10), {}) == 265_000
    assert curve.lost(date(2024, 1, 1), date(2024, 1, 11), {}) == -10_000


def test_after_a_valuation_the_rest_is_spread_over_the_remaining_life() -> None:
    valued = {date(2021, 12, 31): 1_500_000}
    straight = ValueCurve.of(date(2020, 1, 1), PRICE, StraightLine(600_000, Decimal(8)), valued)
    assert straight.value(date(2025, 1, 1), {}) == 1_050_000  # half of the six years that were left
    assert straight.value(date(2028, 1, 1), {}) == straight.value(date(2040, 1, 1), {}) == 600_000
    declining = ValueCurve.of(date(2020, 1, 1), PRICE, Declining(0, Decimal(20), Decimal(10)), valued)
    assert declining.value(date(2024, 1, 1), {}) == 1_215_000
    by_distance = ValueCurve.of(date(2020, 1, 1), PRICE, ByDistance(600_000, 200_000), valued)
    odometer = {date(2022, 1, 1): 50_000, date(2023, 1, 1): 125_000}
    assert by_distance.value(date(2023, 1, 1), odometer) == 1_050_000


def test_undefined_value_is_none_and_never_zero() -> None:
    nothing_known = ValueCurve.of(BOUGHT, PRICE, None, {})
    assert nothing_known.value(BOUGHT, {}) == PRICE
    assert nothing_known.value(BOUGHT + timedelta(days=1), {}) is None
    assert nothing_known.lost(BOUGHT, date(2024, 1, 1), {}) is None
    assert ValueCurve.of(BOUGHT, PRICE, ByDistance(0, 1_000), {}).value(date(2024, 1, 1), {}) is None
    assert ValueCurve.of(BOUGHT, PRICE, StraightLine(0, Decimal(5)), {}).lost(date(2019, 1, 1), BOUGHT, {}) is None


def test_a_car_that_lost_everything_at_once_has_its_residual_value() -> None:
    curve = ValueCurve.of(BOUGHT, PRICE, Declining(1, Decimal(100), Decimal(100)), {date(2023, 1, 1): 70})
    assert curve.value(date(2022, 12, 31), {}) > 70  # type: ignore[operator]
    assert curve.value(date(2024, 1, 1), {}) == 1


@pytest.mark.parametrize(
    ("first", "last", "years"),
    [
        (date(2021, 3, 1), date(2024, 3, 1), Fraction(3)),
        (date(2020, 2, 29), date(2021, 2, 28), Fraction(1)),
        (date(2020, 2, 29), date(2024, 2, 29), Fraction(4)),
        (date(2023, 1, 1), date(2023, 1, 2), Fraction(1, 365)),
        (date(2024, 1, 1), date(2024, 7, 1), Fraction(182, 366)),
        (date(2024, 1, 1), date(2024, 1, 1), Fraction(0)),
    ],
)
def test_age_is_counted_from_anniversary_to_anniversary(first: date, last: date, years: Fraction) -> None:
    assert years_between(first, last) == years
