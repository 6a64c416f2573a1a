import math

import pytest

from bench.harness.figures import Spread, percentile
from bench.harness.suite import Limit, Measured


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (99, 99), (99.5, 100), (100, 100), (0, 1), (1, 1)])
def test_percentile_is_the_nearest_rank(percent: float, expected: int) -> None:
    assert percentile([*range(100, 0, -1)], percent) == expected


def test_percentile_of_few_values_is_one_of_them() -> None:
    assert percentile([3.0, 1.0], 50) == 1.0
    assert percentile([3.0, 1.0], 51) == 3.0


def test_percentile_of_nothing_is_no_number() -> None:
    assert math.isnan(percentile([], 50))


def test_spread_shows_the_median_and_both_ends() -> None:
    spread = Spread.of([0.9, 0.5, 0.7])
    assert (spread.median, spread.lowest, spread.highest) == (0.7, 0.5, 0.9)
    assert str(spread) == "0.70 [0.50-0.90]"


def test_a_limit_knows_which_direction_is_good() -> None:
    assert Limit(must=0.8, goal=1.0, higher_is_better=True).reached(0.9, 0.8)
    assert not Limit(must=0.8, goal=1.0, higher_is_better=True).reached(0.7, 0.8)
    assert Limit(must=1.5, goal=1.2).reached(1.5, 1.5)
    assert not Limit(must=1.5, goal=1.2).reached(1.6, 1.5)


def test_rate_and_cpu_are_per_unit() -> None:
    measured = Measured(units=200, seconds=4.0, cpu_seconds=1.0)
    assert measured.per_second == 50
    assert measured.cpu_us == 5000
