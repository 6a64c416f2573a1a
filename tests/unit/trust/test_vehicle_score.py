from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trust.domain.vehicle_score import Facts, vehicle_score

TODAY = date(2026, 6, 15)
NOTHING = Facts(
    attested_services=[],
    entries=0,
    proven_entries=0,
    history_days=[],
    readings=0,
    suspect_readings=0,
    rollbacks=0,
    intervals_in_time=0,
    intervals_late=0,
)


def part(facts: Facts, name: str) -> float | None:
    return next((each.earned for each in vehicle_score(facts, TODAY).parts if each.name == name), None)


def test_a_car_without_facts_has_no_score_rather_than_zero() -> None:
    score = vehicle_score(NOTHING, TODAY)
    assert (score.value, score.confidence, score.parts) == (None, 0.0, ())


def test_a_part_without_data_drops_out_of_earned_and_possible() -> None:
    score = vehicle_score(replace(NOTHING, readings=3), TODAY)
    assert (score.value, score.confidence) == (100, 0.25)


def test_one_service_today_covers_the_thirteen_months_up_to_it() -> None:
    assert part(replace(NOTHING, attested_services=[TODAY]), "attested") == 30 * 13 / 60


def test_a_service_of_this_minute_counts_where_it_is_tomorrow_already() -> None:
    tomorrow = TODAY + timedelta(days=1)
    facts = replace(NOTHING, attested_services=[tomorrow], history_days=[tomorrow])
    assert part(facts, "attested") == 30 * 13 / 60
    assert part(facts, "continuity") == 15


def test_a_date_further_ahead_counts_for_nothing() -> None:
    facts = replace(NOTHING, attested_services=[TODAY + timedelta(days=2)])
    assert part(facts, "attested") == 0


def test_a_service_every_second_year_covers_the_whole_window() -> None:
    services = [TODAY - timedelta(days=730 * step) for step in range(4)]
    assert part(replace(NOTHING, attested_services=services), "attested") == 30


def test_a_rollback_takes_every_odometer_point_and_a_suspect_reading_five() -> None:
    assert part(replace(NOTHING, readings=9, rollbacks=2), "odometer") == 0
    assert part(replace(NOTHING, readings=9, suspect_readings=2), "odometer") == 15
    assert part(replace(NOTHING, readings=9, suspect_readings=7), "odometer") == 0


def test_timeliness_is_the_share_of_intervals_kept() -> None:
    assert part(replace(NOTHING, intervals_in_time=3, intervals_late=1), "timeliness") == 15


@pytest.mark.parametrize(("months_ago", "earned"), [(12, 15), (24, 7.5), (36, 0), (48, 0)])
def test_continuity_falls_from_a_year_to_three(months_ago: int, earned: float) -> None:
    last = TODAY - timedelta(days=round(months_ago * 30.4375))
    assert part(replace(NOTHING, history_days=[last]), "continuity") == pytest.approx(earned, abs=0.02)


def test_documentation_is_the_share_of_proven_entries() -> None:
    assert part(replace(NOTHING, entries=4, proven_entries=1), "documentation") == 2.5


days = st.lists(st.dates(date(2010, 1, 1), date(2030, 1, 1)), max_size=12)


@given(days, days, st.integers(0, 50), st.integers(0, 5), st.integers(0, 3))
def test_score_stays_within_bounds_and_its_parts_explain_it(
    services: list[date], history: list[date], readings: int, suspect: int, rollbacks: int
) -> None:
    facts = replace(
        NOTHING,
        attested_services=services,
        history_days=history,
        readings=readings,
        suspect_readings=suspect,
        rollbacks=rollbacks,
    )
    score = vehicle_score(facts, TODAY)
    earned, possible = sum(p.earned for p in score.parts), sum(p.possible for p in score.parts)
    assert all(0 <= p.earned <= p.possible for p in score.parts)
    assert score.value == (round(100 * earned / possible) if possible else None)


@given(days, st.randoms())
def test_order_of_facts_does_not_matter(services: list[date], random: object) -> None:
    facts = replace(NOTHING, attested_services=services, history_days=services)
    shuffled = list(services)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert vehicle_score(facts, TODAY) == vehicle_score(
        replace(facts, attested_services=shuffled, history_days=shuffled), TODAY
    )
