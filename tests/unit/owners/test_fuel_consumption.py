import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owners.domain.fuel.consumption import FULL, Anchor, Fill, FullToFull
from owners.domain.fuel.interval import Interval
from owners.domain.fuel.order import in_order
from tests.unit.owners.fuel_cases import days_apart, figures, fill, histories, intervals

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "vectors/fuel.json").read_text())["cases"]
SERIES = st.booleans().flatmap(lambda electric: histories(electric=electric))


def of_vector(case: dict[str, Any]) -> list[Fill]:
    return [fill(km, litres, full=full, missed=missed) for km, litres, full, missed in case["fills"]]


def closed(fills: Sequence[Fill]) -> Iterable[Interval]:
    return (interval for interval in intervals(fills).values() if interval is not None)


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_vector(case: dict[str, Any]) -> None:
    assert figures(days_apart(of_vector(case))) == case["expected"]
    assert figures(of_vector(case)) == case["expected"], "all on one day"


def test_figure_names_the_first_and_the_last_entry_and_what_lies_between() -> None:
    first, can, last = days_apart(
        [fill(1_000, "40", total=1), fill(None, "20", full=False, total=100_000), fill(1_900, "43", total=215_050)]
    )
    assert intervals([first, can, last]) == {
        first.id: None,
        can.id: None,
        last.id: Interval(first.id, 900, Decimal(63), 315_050, "RUB"),
    }


def test_fills_at_one_reading_are_one_stop_whose_last_fill_owns_the_figure() -> None:
    fills = days_apart(
        [fill(1_000, "40"), fill(1_500, "20"), fill(None, "3", full=False), fill(1_500, "2", full=False)]
    )
    assert figures(fills) == [None, None, None, "5.00"]
    [interval] = closed(fills)
    assert interval.from_id == fills[0].id
    assert figures([*fills, *days_apart([*fills, fill(2_000, "25")])[-1:]])[-1] == "5.00", "and it is the next anchor"


def test_top_up_of_a_full_tank_before_driving_begins_the_interval_after_it() -> None:
    assert figures(days_apart([fill(1_000, "40"), fill(1_000, "5", full=False), fill(1_500, "30")])) == [
        None,
        None,
        "6.00",
    ]


@pytest.mark.parametrize("full", [True, False])
def test_unknown_volume_is_a_barrier_whether_the_fill_is_full_or_partial(full: bool) -> None:
    fills = days_apart([fill(1_000, "40"), fill(1_500, None, full=full), fill(2_000, "35"), fill(2_500, "40")])
    assert figures(fills) == [None, None, "7.00" if full else None, "8.00"]


@pytest.mark.parametrize("barrier", [fill(None, "5", missed=True), fill(None, None)])
def test_barrier_without_a_reading_is_one_as_well(barrier: Fill) -> None:
    fills = days_apart([fill(1_000, "40"), barrier, fill(2_000, "35"), fill(2_500, "40")])
    assert figures(fills) == [None, None, None, "8.00"]


def test_full_tank_without_an_accepted_reading_is_no_anchor() -> None:
    assert figures(days_apart([fill(1_000, "40"), fill(None, "30"), fill(2_000, "40")])) == [None, None, "7.00"]


def test_charge_closes_at_an_equal_state_of_charge() -> None:
    charges = [fill(1_000, "30", soc=80), fill(1_150, "10", soc=60), fill(1_400, "30", soc=81)]
    assert figures(days_apart(charges)) == [None, None, "10.00"]


def test_charge_beyond_one_percent_closes_nothing() -> None:
    charges = [fill(1_000, "30", soc=80), fill(1_400, "30", soc=82)]
    assert figures(days_apart(charges)) == [None, None]


def test_one_charge_to_full_does_not_end_the_figures_of_a_car_that_is_charged_to_80() -> None:
    charges = [fill(1_000, "60", soc=100), fill(1_200, "20", soc=80), fill(1_400, "36", soc=80)]
    assert figures(days_apart(charges)) == [None, None, "18.00"]


def test_intervals_of_charges_never_overlap() -> None:
    socs = [80, 60, 80, 60, 80]
    charges = days_apart([fill(1_000 + 100 * place, "20", soc=soc) for place, soc in enumerate(socs)])
    owned = [interval for interval in intervals(charges).values() if interval]
    assert [(charges.index(_by_id(charges, one.from_id)), one.km) for one in owned] == [(0, 200), (2, 200)]


def _by_id(fills: Sequence[Fill], wanted: object) -> Fill:
    return next(one for one in fills if one.id == wanted)


def test_cost_is_known_only_in_one_currency_and_as_a_whole() -> None:
    def cost(*totals: tuple[int | None, str]) -> tuple[int | None, str | None]:
        fills = [fill(1_000, "40", total=5, currency="USD")]
        fills += [
            fill(1_000 + 100 * place, "10", full=place == len(totals), total=total, currency=currency)
            for place, (total, currency) in enumerate(totals, start=1)
        ]
        [interval] = closed(days_apart(fills))
        return interval.cost_minor, interval.currency

    assert cost((100, "RUB"), (50, "RUB")) == (150, "RUB")
    assert cost((0, "RUB")) == (0, "RUB")
    assert cost((100, "RUB"), (50, "EUR")) == (None, None)
    assert cost((0, "EUR"), (50, "RUB")) == (None, None)
    assert cost((None, "RUB"), (50, "RUB")) == (None, None)


def test_fills_of_one_day_stand_by_reading_and_time() -> None:
    morning, noon = fill(1_000, "1", hour=8), fill(1_200, "2", hour=12)
    can_at_ten, can_at_night = fill(None, "3", hour=10), fill(None, "4", hour=23)
    can = fill(None, "5")
    assert in_order([can_at_night, noon, can, can_at_ten, morning]) == [morning, can, can_at_ten, noon, can_at_night]


@given(SERIES, st.randoms(use_true_random=False))
def test_order_of_insertion_does_not_matter(fills: list[Fill], random: Any) -> None:
    shuffled = random.sample(fills, len(fills))
    assert intervals(shuffled) == intervals(fills)


@given(SERIES)
def test_average_is_the_sum_over_disjoint_closed_intervals(fills: list[Fill]) -> None:
    ordered = in_order(fills)
    places = {one.id: place for place, one in enumerate(ordered)}
    end_before = 0
    for fill_id, interval in intervals(fills).items():
        if interval is None:
            continue
        first, last = places[interval.from_id], places[fill_id]
        inside = ordered[first + 1 : last + 1]
        assert end_before <= first < last
        assert interval.quantity == sum((one.quantity or Decimal(0) for one in inside), Decimal(0))
        assert interval.km == (ordered[last].km or 0) - (ordered[first].km or 0) > 0
        before_the_stop = [one for one in inside if one.km != ordered[first].km]
        assert not any(one.quantity is None or one.missed_before for one in before_the_stop)
        end_before = last


@given(SERIES, st.data())
def test_figures_after_a_closed_interval_do_not_depend_on_what_was_before(fills: list[Fill], data: Any) -> None:
    owned = intervals(fills)
    ordered = in_order(fills)
    ends = [place for place, one in enumerate(ordered) if owned[one.id]]
    if not ends:
        return
    cut = data.draw(st.sampled_from(ends))
    end = ordered[cut]
    series = FullToFull(Anchor(end.id, end.km or 0, end.level if end.electric and end.level is not None else FULL))
    later = [figure for one in ordered[cut + 1 :] for figure in series.feed(one)] + list(series.finish())
    assert {figure.fill.id: figure.interval for figure in later} == {
        one.id: owned[one.id] for one in ordered[cut + 1 :]
    }
