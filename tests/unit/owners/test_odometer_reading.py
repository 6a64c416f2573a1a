from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owners.domain.errors import NotAReading
from owners.domain.odometer.reading import HIGHEST_KM, Unit, canonical_km, parse_value


@pytest.mark.parametrize(
    "text",
    ["-1", "-0", "", " 1", "1 ", "1e5", "NaN", "Infinity", "0x10", "1,5", "1.", ".5", "1.1234567", "\u0661", "9" * 13],
)
def test_what_no_odometer_shows_is_refused(text: str) -> None:
    with pytest.raises(NotAReading):
        parse_value(text)


@pytest.mark.parametrize("text", ["0", "123456", "123456.7", "0.000001", "999999999999"])
def test_any_other_number_is_taken_as_it_was_typed(text: str) -> None:
    assert str(parse_value(text)) in {text, "0.000001", "1E-6"}
    assert parse_value(text) == Decimal(text)


@pytest.mark.parametrize(
    ("value", "unit", "km"),
    [
        ("123456", "km", 123_456),
        ("100.5", "km", 100),
        ("101.5", "km", 102),
        ("100.500001", "km", 101),
        ("1", "mi", 2),
        ("100000", "mi", 160_934),
        ("999999999999", "mi", HIGHEST_KM),
    ],
)
def test_kilometres_are_whole_and_rounded_half_to_even(value: str, unit: Unit, km: int) -> None:
    assert canonical_km(Decimal(value), unit) == km


@given(st.decimals(0, 10**8, places=6), st.decimals(0, 10**8, places=6), st.sampled_from(["km", "mi"]))
def test_rounding_never_turns_two_readings_round(one: Decimal, other: Decimal, unit: Unit) -> None:
    assert (canonical_km(one, unit) <= canonical_km(other, unit)) or one > other
