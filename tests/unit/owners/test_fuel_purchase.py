import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owners.domain.errors import NotAPurchase
from owners.domain.fuel.purchase import Stated, agrees, parse_unit_price, parse_volume, purchase

AGREEMENT: list[dict[str, Any]] = json.loads((Path(__file__).parent / "vectors/money.json").read_text())[
    "fuel_agreement"
]
SCALES = st.sampled_from([0, 2, 3])
VOLUMES = st.decimals("0.001", "999999.999", places=3) | st.integers(1, 200).map(Decimal)
PRICES = st.integers(2, 6).flatmap(lambda places: st.decimals(0, 99_999, places=places))
TOTALS = st.integers(0, 10**10)


@pytest.mark.parametrize("case", AGREEMENT, ids=lambda case: str(case["total"]))
def test_vector_of_agreement(case: dict[str, Any]) -> None:
    volume, price, total = Decimal(case["volume"]), Decimal(case["unit_price"]), case["total"]
    assert agrees(volume, price, total, scale=2) == case["agrees"]
    bought = purchase(Stated(volume, price, total), scale=2)
    assert (bought.volume, bought.unit_price, bought.total_minor) == (volume, price, total), "the total wins"
    assert (bought.discount_minor, bought.derived) == (case.get("discount"), None)


def test_total_above_the_product_is_a_surcharge() -> None:
    assert purchase(Stated(Decimal("10.00"), Decimal("50.00"), 50_900), scale=2).discount_minor == -900


def test_fewer_digits_allow_more_of_a_difference() -> None:
    assert agrees(Decimal(38), Decimal(79), 300_200, scale=2)
    assert not agrees(Decimal("38.000"), Decimal("79.00"), 300_258, scale=2)


@pytest.mark.parametrize(
    ("stated", "scale", "made"),
    [
        (("38.02", "78.90", None), 2, ("38.02", "78.90", 299_978, "total")),
        (("38.02", None, 300_000), 2, ("38.02", "78.9058", 300_000, "unit_price")),
        (("40", None, 200_000), 2, ("40", "50.00", 200_000, "unit_price")),
        ((None, "50.00", 200_000), 2, ("40.000", "50.00", 200_000, "volume")),
        ((None, "1.859", 5_000), 2, ("26.896", "1.859", 5_000, "volume")),
        (("30", "170", None), 0, ("30", "170", 5_100, "total")),
        (("30", None, 5_100), 0, ("30", "170", 5_100, "unit_price")),
        (("30", "0.200", None), 3, ("30", "0.200", 6_000, "total")),
        (("30", None, 0), 2, ("30", "0.00", 0, "unit_price")),
        ((None, "0.0", 0), 2, (None, "0.0", 0, None)),
        ((None, "100.00", 0), 2, (None, "100.00", 0, None)),
        (("30", None, None), 2, ("30", None, None, None)),
        ((None, None, None), 2, (None, None, None, None)),
    ],
)
def test_any_two_give_the_third(
    stated: tuple[str | None, str | None, int | None], scale: int, made: tuple[str | None, str | None, int | None, str]
) -> None:
    volume, price, total = stated
    bought = purchase(
        Stated(None if volume is None else Decimal(volume), None if price is None else Decimal(price), total),
        scale=scale,
    )
    shown = [None if number is None else format(number, "f") for number in (bought.volume, bought.unit_price)]
    assert (*shown, bought.total_minor, bought.derived) == made
    assert bought.discount_minor is None


@pytest.mark.parametrize(
    "stated",
    [
        Stated(None, Decimal(0), 100),
        Stated(None, Decimal("0.000001"), 10**15),
        Stated(Decimal("0.001"), None, 10**15),
        Stated(Decimal("999999.999"), Decimal("999999999.999999"), None),
    ],
)
def test_what_no_pump_can_ask_is_refused(stated: Stated) -> None:
    with pytest.raises(NotAPurchase):
        purchase(stated, scale=3)


@pytest.mark.parametrize(
    "text", ["", "0", "0.000", "-1", "1e3", "NaN", "1.2345", "1234567", " 1", "1,5", "٣", "1.", ".5"]
)
def test_volume_is_a_positive_number_of_three_decimals(text: str) -> None:
    with pytest.raises(NotAPurchase):
        parse_volume(text)


@pytest.mark.parametrize("text", ["", "-1", "1e400", "Infinity", "1.2345678", "1234567890", "+1", "1\n"])
def test_unit_price_is_a_number_of_six_decimals(text: str) -> None:
    with pytest.raises(NotAPurchase):
        parse_unit_price(text)


@given(VOLUMES, PRICES, SCALES)
def test_computed_total_agrees(volume: Decimal, price: Decimal, scale: int) -> None:
    total = purchase(Stated(volume, price, None), scale=scale).total_minor
    assert total is not None
    assert agrees(volume, price, total, scale=scale)
    assert purchase(Stated(volume, price, total), scale=scale).discount_minor is None


@given(st.decimals("0.001", "9999.999", places=3), TOTALS, SCALES)
def test_computed_unit_price_agrees_and_has_no_more_digits_than_it_needs(
    volume: Decimal, total: int, scale: int
) -> None:
    try:
        price = purchase(Stated(volume, None, total), scale=scale).unit_price
    except NotAPurchase:
        assert total / volume / 10**scale >= 10**9
        return
    assert price is not None
    assert agrees(volume, price, total, scale=scale)
    back = purchase(Stated(volume, price, None), scale=scale).total_minor
    assert back == total or volume * 10**scale > 10**6


@given(st.decimals("0.01", "99999", places=2), st.integers(1, 10**8), SCALES)
def test_computed_volume_agrees(price: Decimal, total: int, scale: int) -> None:
    try:
        bought = purchase(Stated(None, price, total), scale=scale)
    except NotAPurchase:
        assert total / price / 10**scale >= 10**6 - 1
        return
    if bought.volume is not None:
        assert agrees(bought.volume, price, total, scale=scale)


@given(st.none() | VOLUMES, st.none() | PRICES, st.none() | TOTALS, SCALES)
def test_what_was_told_can_be_told_again(
    volume: Decimal | None, price: Decimal | None, total: int | None, scale: int
) -> None:
    try:
        bought = purchase(Stated(volume, price, total), scale=scale)
    except NotAPurchase:
        return
    assert bought.stated == (volume, price, total)
    assert purchase(bought.stated, scale=scale) == bought
