import random
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from owners.domain.odometer.reading import Reading
from owners.domain.odometer.verdict import Judged, judge
from tests.unit.owners.odometer_cases import reading, readings


def verdicts(*car: Reading) -> list[str]:
    judged = judge(car)
    return [judged.judgements[one.id].verdict for one in car]


def test_a_digit_too_many_is_quarantined_with_what_it_may_have_meant() -> None:
    first, slip = reading(199_105), reading(1_999_105, 1)
    judged = judge([first, slip])
    assert judged.judgements[first.id].verdict == "ok"
    assert judged.judgements[slip.id].verdict == "quarantined"
    assert set(judged.judgements[slip.id].candidates_km) >= {199_105, 199_905}
    assert judged.last_ok == first.id


def test_first_reading_is_ok() -> None:
    assert verdicts(reading(312_000)) == ["ok"]


def test_no_readings_leave_nothing_to_believe() -> None:
    assert judge([]) == Judged({}, None)


def test_car_parked_for_years_is_ok() -> None:
    assert verdicts(reading(80_000), reading(80_003, 2_000)) == ["ok", "ok"]


def test_readings_over_a_million_kilometres_are_no_odometer() -> None:
    assert verdicts(reading(1_000_000), reading(1_000_001, 1)) == ["ok", "quarantined"]
    assert verdicts(reading(1_200_000)) == ["suspect"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (12_345, 123_450),  # a digit dropped
        (1_234_500, 123_450),  # a digit inserted
        (173_450, 123_450),  # a digit substituted
        (213_450, 123_450),  # two digits transposed
    ],
)
def test_one_slip_is_explained(typed: int, meant: int) -> None:
    car = [reading(123_400), reading(typed, 5), reading(123_500, 10), reading(123_510, 11)]
    judged = judge(car)
    assert judged.judgements[car[1].id].verdict == "quarantined"
    assert judged.judgements[car[1].id].candidates_km[0] == meant
    assert judged.last_ok == car[3].id


@pytest.mark.parametrize(("value", "unit", "km"), [(76_707, "km", 123_448), (123_450, "mi", 123_450)])
def test_wrong_unit_is_explained(value: int, unit: str, km: int) -> None:
    car = [reading(123_400), reading(value, 5, unit=unit), reading(123_500, 10)]  # type: ignore[arg-type] # literal
    assert km in judge(car).judgements[car[1].id].candidates_km


def test_candidates_are_ranked_by_distance_from_interpolation() -> None:
    car = [reading(100_000), reading(1_009_505, 9), reading(101_000, 10)]
    candidates = judge(car).judgements[car[1].id].candidates_km
    assert list(candidates) == sorted(candidates, key=lambda km: (abs(km - 100_900), km))
    assert len(candidates) > 1


def test_what_no_slip_explains_is_suspect() -> None:
    assert verdicts(reading(100_000), reading(57_311, 5), reading(100_300, 10)) == ["ok", "suspect", "ok"]


def test_attested_reading_outweighs_what_people_typed() -> None:
    typed = [reading(83_217 + day, day) for day in range(5)]
    assert verdicts(*typed, reading(60_000, 6, attested=True)) == [*["suspect"] * 5, "ok"]


def test_of_two_that_exclude_each_other_the_earlier_is_believed() -> None:
    assert verdicts(reading(50_000), reading(41_777, 3)) == ["ok", "suspect"]


def test_long_link_is_doubted_until_a_plausible_later_link_supports_it() -> None:
    before, jump = reading(60_000), reading(72_345, 3)
    assert verdicts(before, jump) == ["ok", "suspect"]
    assert verdicts(before, jump, reading(72_380, 3)) == ["ok", "suspect", "suspect"]  # the same day supports nothing
    assert verdicts(before, jump, reading(72_500, 5)) == ["ok", "ok", "ok"]


def test_what_is_long_is_measured_by_the_cars_other_links() -> None:
    taxi = [reading(10_000 + 600 * day, day) for day in range(10)]
    assert verdicts(*taxi, reading(10_000 + 600 * 9 + 2_900, 10)) == ["ok"] * 11
    assert verdicts(*taxi, reading(10_000 + 600 * 9 + 3_100, 10))[-1] != "ok"


def test_distance_is_bounded_by_400_kilometres_an_hour() -> None:
    assert verdicts(reading(10_000, second=0), reading(10_402, second=3_600)) == ["ok", "ok"]
    assert verdicts(reading(10_000, second=0), reading(10_403, second=3_600)) == ["ok", "quarantined"]


def test_reading_without_a_time_stands_where_its_value_fits_into_the_day() -> None:
    morning, evening = reading(10_100, second=30_000), reading(10_300, second=70_000)
    for between in (10_050, 10_200, 10_400):
        assert verdicts(morning, reading(between), evening) == ["ok", "ok", "ok"]


def test_two_agreeing_readings_below_an_attested_one_show_a_rollback() -> None:
    attested = reading(200_000, attested=True)
    low, lower = reading(120_000, 10), reading(120_400, 20)
    assert verdicts(attested, low)[1] != "rollback"
    assert verdicts(attested, low, lower) == ["ok", "rollback", "rollback"]


@pytest.mark.parametrize(
    "car",
    [
        pytest.param([reading(200_000), reading(120_000, 10), reading(120_400, 20)], id="not attested"),
        pytest.param(
            [reading(200_000, attested=True, replaced=True), reading(120_000, 10), reading(120_400, 20)], id="amended"
        ),
        pytest.param([reading(200_000, attested=True), reading(120_000, 9), reading(120_400, 9)], id="one day"),
        pytest.param([reading(200_000, attested=True), reading(120_400, 9), reading(120_000, 10)], id="contradicting"),
        pytest.param([reading(200_000, attested=True), reading(199_800, 9), reading(199_900, 10)], id="within 0.1 %"),
        pytest.param([reading(20_000, attested=True), reading(19_950, 9), reading(19_950, 10)], id="within 50 km"),
        pytest.param([reading(120_000, 1), reading(120_400, 2), reading(200_000, 3, attested=True)], id="earlier"),
    ],
)
def test_no_rollback_without_proof(car: list[Reading]) -> None:
    assert judge(car).count("rollback") == 0


def test_replaced_reading_counts_for_nothing() -> None:
    assert verdicts(reading(100_000), reading(300_000, 1, replaced=True), reading(100_100, 2)) == [
        "ok",
        "replaced",
        "ok",
    ]


@given(readings(), st.randoms(use_true_random=False))
def test_verdicts_do_not_depend_on_the_order_of_arrival(car: list[Reading], shuffler: random.Random) -> None:
    shuffled = list(car)
    shuffler.shuffle(shuffled)
    assert judge(shuffled) == judge(car)


@given(readings())
def test_every_reading_has_one_verdict_and_candidates_only_in_quarantine(car: list[Reading]) -> None:
    judged = judge(car)
    assert set(judged.judgements) == {one.id for one in car}
    for judgement in judged.judgements.values():
        assert bool(judgement.candidates_km) == (judgement.verdict == "quarantined")
        assert all(0 <= km <= 1_000_000 for km in judgement.candidates_km)


@given(readings())
def test_believed_readings_never_decrease_from_day_to_day(car: list[Reading]) -> None:
    judged = judge(car)
    believed = [one for one in car if judged.judgements[one.id].verdict == "ok"]
    for before in believed:
        for after in believed:
            if before.observed_on < after.observed_on:
                assert before.km <= after.km
                # Each link may touch its first and its last day, so each reading in between allows a day more.
                links = sum(before.observed_on <= one.observed_on <= after.observed_on for one in car) - 1
                days = (after.observed_on - before.observed_on).days
                assert after.km - before.km <= 9_600 * (days + links) + 2 * links
    if judged.last_ok is not None:
        assert max(one.km for one in believed) == next(one.km for one in believed if one.id == judged.last_ok)


@given(readings(), readings(max_size=3))
def test_a_rollback_is_never_cleared_by_more_readings(car: list[Reading], more: list[Reading]) -> None:
    def rollbacks(of: list[Reading]) -> set[UUID]:
        return {id for id, judgement in judge(of).judgements.items() if judgement.verdict == "rollback"}  # noqa: A001

    assert rollbacks(car) <= rollbacks(car + [one for one in more if one.id not in {known.id for known in car}])


@given(readings())
def test_moving_the_whole_history_in_time_changes_nothing(car: list[Reading]) -> None:
    week = timedelta(days=7)
    moved = [
        Reading(
            one.id,
            one.value,
            one.unit,
            one.km,
            one.observed_on + week,
            one.observed_at and one.observed_at + week,
            one.attested,
            one.replaced,
        )
        for one in car
    ]
    assert judge(moved) == judge(car)
