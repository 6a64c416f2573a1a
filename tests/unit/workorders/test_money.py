import json
from decimal import ROUND_HALF_EVEN, Context, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workorders.domain.errors import InvalidInput
from workorders.domain.money import MAX_LINE_MINOR, Money, Pricing, scale_of, spread, sum_of

VECTORS = json.loads((Path(__file__).parent / "vectors" / "money.json").read_text("utf-8"))
EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)

quantities = st.decimals(min_value=Decimal("0.001"), max_value=Decimal("9999.999"), places=3)
prices = st.decimals(min_value=0, max_value=Decimal("99999.999999"), places=6)
rates = st.decimals(min_value=0, max_value=100, places=4)


@pytest.mark.parametrize("vector", VECTORS["tax"])
def test_lines_are_rounded_half_even_and_totals_are_their_sums(vector: dict[str, Any]) -> None:
    pricing = Pricing("RUB", vector["prices_include_tax"])
    lines = [
        # the vectors' prices are in minor units, ours in major ones
        pricing.line(pricing.gross(Decimal(quantity), Decimal(price) / 100), 0, Decimal(vector["rate_percent"]))
        for quantity, price in vector["lines"]
    ]
    assert [line.net for line in lines] == vector["net"]
    assert [line.tax for line in lines] == vector["tax"]
    assert sum_of(lines).total == vector["total"]


@pytest.mark.parametrize("vector", VECTORS["order_discount"])
def test_order_discount_is_spread_by_largest_remainder(vector: dict[str, Any]) -> None:
    assert spread(vector["discount"], vector["lines"]) == vector["spread"]


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=300), st.data())
def test_spread_gives_every_unit_to_a_line_that_can_bear_it(weights: list[int], data: st.DataObject) -> None:
    discount = data.draw(st.integers(0, sum(weights)))
    shares = spread(discount, weights)
    assert sum(shares) == discount
    for share, weight in zip(shares, weights, strict=True):
        assert 0 <= share <= weight
        if any(weights):
            assert abs(share * sum(weights) - discount * weight) < sum(weights)  # less than one unit off its part


@given(quantities, prices)
def test_gross_is_the_exact_product_rounded_once(quantity: Decimal, price: Decimal) -> None:
    exact = EXACT.multiply(EXACT.multiply(quantity, price), Decimal(100))
    assert Pricing("RUB", prices_include_tax=True).gross(quantity, price) == int(
        exact.to_integral_value(ROUND_HALF_EVEN)
    )


@given(st.integers(0, MAX_LINE_MINOR), rates, st.booleans())
def test_net_and_tax_are_the_total(charged: int, rate: Decimal, included: bool) -> None:
    amounts = Pricing("RUB", included).line(charged, 0, rate)
    assert amounts.net + amounts.tax == amounts.total
    assert charged == (amounts.total if included else amounts.net)
    net_times_rate = EXACT.multiply(Decimal(amounts.net), rate)
    assert abs(EXACT.subtract(net_times_rate, Decimal(amounts.tax) * 100)) <= 100 + rate


@pytest.mark.parametrize(
    ("currency", "scale"), [("RUB", 2), ("EUR", 2), ("JPY", 0), ("KZT", 2), ("KWD", 3), ("XPF", 0)]
)
def test_each_currency_has_its_own_scale(currency: str, scale: int) -> None:
    assert scale_of(currency) == scale
    assert Pricing(currency, prices_include_tax=False).gross(Decimal("1.5"), Decimal(1000)) == 1500 * 10**scale


def test_half_a_minor_unit_goes_to_the_even_side() -> None:
    pricing = Pricing("JPY", prices_include_tax=False)
    assert [pricing.gross(Decimal("0.5"), Decimal(odd)) for odd in (1, 3, 5)] == [0, 2, 2]


def test_amount_that_would_overflow_the_totals_is_refused() -> None:
    pricing = Pricing("KWD", prices_include_tax=False)
    with pytest.raises(InvalidInput) as refused:
        pricing.gross(Decimal("999999.999"), Decimal("999999999.999999"))
    assert refused.value.code == "amount_too_large"


def test_currencies_never_add() -> None:
    with pytest.raises(InvalidInput) as refused:
        Pricing("RUB", prices_include_tax=False).minor(Money(100, "KZT"), field="discount")
    assert (refused.value.field, refused.value.code) == ("discount", "currency_differs")
