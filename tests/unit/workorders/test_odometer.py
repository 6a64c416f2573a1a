from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from workorders.domain.errors import ImplausibleOdometer, InvalidInput
from workorders.domain.odometer import (
    MAX_CANDIDATES,
    LastReading,
    Measured,
    Moment,
    Override,
    Replacement,
    Shown,
    accept,
)

NOW = datetime(2026, 3, 16, 12, 0, tzinfo=UTC)
MOMENT = Moment(NOW, NOW.date())
OVERRIDE = Override("A used engine with its own dashboard", "ab" * 32)


def _last(km: int, ago: timedelta, *, timed: bool = True) -> LastReading:
    at = NOW - ago
    return LastReading(km, at.date(), at if timed else None)


def _accept(value: str, last: LastReading | None, unit: str = "km") -> Measured:
    return accept(Measured(Decimal(value), "mi" if unit == "mi" else "km"), last, MOMENT)


def _candidates(value: str, last: LastReading, unit: str = "km") -> tuple[str, ...]:
    with pytest.raises(ImplausibleOdometer) as refused:
        _accept(value, last, unit)
    return refused.value.candidates


@pytest.mark.parametrize(
    ("km", "ago"),
    [
        (100_000, timedelta(0)),  # the same
        (100_002, timedelta(0)),  # 2 km of slack
        (100_402, timedelta(hours=1)),  # 400 km/h
        (101_500, timedelta(days=1)),  # always usual
        (109_000, timedelta(days=30)),  # 300 km a day
    ],
)
def test_reading_within_reach_of_the_last_good_one_is_accepted(km: int, ago: timedelta) -> None:
    assert _accept(str(km), _last(100_000, ago)).km == km


@pytest.mark.parametrize(
    ("km", "ago"),
    [
        (99_999, timedelta(days=365)),  # an odometer does not run backwards
        (100_003, timedelta(0)),
        (100_403, timedelta(hours=1)),
        (101_501, timedelta(days=1)),
        (109_001, timedelta(days=30)),
    ],
)
def test_reading_out_of_reach_of_the_last_good_one_is_refused(km: int, ago: timedelta) -> None:
    with pytest.raises(ImplausibleOdometer):
        _accept(str(km), _last(100_000, ago))


def test_without_a_time_each_day_touched_counts_whole() -> None:
    assert _accept("101500", _last(100_000, timedelta(0), timed=False)).km == 101_500
    with pytest.raises(ImplausibleOdometer):
        _accept("101501", _last(100_000, timedelta(0), timed=False))


def test_first_reading_is_accepted_up_to_a_million_kilometres() -> None:
    assert _accept("1000000", None).km == 1_000_000
    with pytest.raises(ImplausibleOdometer) as refused:
        _accept("1000001", None)
    assert refused.value.candidates == ()


def test_inserted_digit_is_explained() -> None:
    candidates = _candidates("1999105", _last(199_000, timedelta(days=5)))
    assert candidates[0] == "199105 km"
    assert "199905 km" in candidates


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("19910", "199105 km"), ("191105", "199105 km"), ("919105", "199105 km"), ("1991105", "199105 km")],
)
def test_one_digit_explains_a_slip(typed: str, meant: str) -> None:
    assert meant in _candidates(typed, _last(199_100, timedelta(days=1)))


def test_wrong_unit_is_explained() -> None:
    assert "124000 mi" in _candidates("124000", _last(199_500, timedelta(days=3)))
    assert "199600 km" in _candidates("199600", _last(199_500, timedelta(days=3)), unit="mi")


def test_override_admits_an_implausible_reading_and_stays_on_record() -> None:
    reading = Measured(Decimal(5), "km", OVERRIDE)
    assert accept(reading, _last(100_000, timedelta(days=1)), MOMENT).override == OVERRIDE


def test_override_of_a_plausible_reading_is_not_recorded() -> None:
    reading = Measured(Decimal(100_050), "km", OVERRIDE)
    assert accept(reading, _last(100_000, timedelta(days=1)), MOMENT).override is None


def test_miles_are_judged_in_canonical_kilometres() -> None:
    assert Measured(Decimal("62137.1"), "mi").km == 100_000
    assert _accept("62137.1", _last(100_000, timedelta(0)), unit="mi").km == 100_000


@given(st.integers(10_000, 999_999), st.integers(0, 1_500), st.integers(0, 5), st.integers(0, 9))
def test_a_substituted_digit_is_among_the_candidates(last: int, driven: int, place: int, digit: int) -> None:
    meant = str(last + driven)
    assume(int(meant) <= 1_000_000)
    place %= len(meant)
    typed = meant[:place] + str(digit) + meant[place + 1 :]
    assume(typed[0] != "0")
    reading = _last(last, timedelta(days=2))
    try:
        accepted = _accept(typed, reading)
    except ImplausibleOdometer as refused:
        candidates = refused.candidates
        assert f"{meant} km" in candidates or len(candidates) == MAX_CANDIDATES
        assert len(set(candidates)) == len(candidates)
    else:
        assert last <= accepted.km <= last + 1_500


def _replaced(removed: str | None, installed: str = "5", *, override: Override | None = None) -> Replacement:
    old = None if removed is None else Shown(Decimal(removed), "km", override)
    return Replacement(old, Shown(Decimal(installed), "km"), "broken")


def _with_new_meter(value: str, replacement: Replacement, last: LastReading | None) -> Measured:
    return accept(Measured(Decimal(value), "km", replacement=replacement), last, MOMENT)


def test_new_meter_is_held_against_what_it_began_at_and_the_old_one_against_the_last_good_reading() -> None:
    accepted = _with_new_meter("12", _replaced("100400"), _last(100_000, timedelta(days=9)))
    assert (accepted.km, accepted.replacement and accepted.replacement.removed_km) == (12, 100_400)


@pytest.mark.parametrize("km", ["4", "106"])  # below what it began at, and further than a test drive goes
def test_new_meter_that_cannot_show_that_is_refused(km: str) -> None:
    with pytest.raises(ImplausibleOdometer) as refused:
        _with_new_meter(km, _replaced("100400"), _last(100_000, timedelta(days=9)))
    assert refused.value.field == "odometer"
    assert "the new meter began at 5 km" in str(refused.value)


def test_slip_on_the_new_meter_is_explained() -> None:
    with pytest.raises(ImplausibleOdometer) as refused:
        _with_new_meter("122", _replaced("100400"), _last(100_000, timedelta(days=9)))
    assert "12 km" in refused.value.candidates


def test_slip_on_the_removed_meter_is_refused_with_what_may_have_been_meant() -> None:
    with pytest.raises(ImplausibleOdometer) as refused:
        _with_new_meter("12", _replaced("1004000"), _last(100_000, timedelta(days=9)))
    assert refused.value.field == "odometer/meter_replacement/removed"
    assert "100400 km" in refused.value.candidates


def test_override_of_a_removed_reading_stays_on_record_where_it_was_needed() -> None:
    last = _last(100_000, timedelta(days=9))
    odd = _with_new_meter("12", _replaced("90000", override=OVERRIDE), last).replacement
    plain = _with_new_meter("12", _replaced("100400", override=OVERRIDE), last).replacement
    assert odd is not None
    assert plain is not None
    assert (odd.removed, odd.removed_km) == (Shown(Decimal(90_000), "km", OVERRIDE), 90_000)
    assert plain.removed == Shown(Decimal(100_400), "km")


def test_meter_that_could_not_be_read_ended_at_the_last_good_reading() -> None:
    accepted = _with_new_meter("12", _replaced(None), _last(100_000, timedelta(days=900)))
    assert accepted.replacement is not None
    assert (accepted.replacement.removed, accepted.replacement.removed_km) == (None, 100_000)


def test_unread_meter_of_which_nothing_is_known_is_continued_by_none() -> None:
    with pytest.raises(InvalidInput) as refused:
        _with_new_meter("12", _replaced(None), None)
    assert refused.value.field == "odometer/meter_replacement/removed"


def test_first_reading_ever_may_be_of_a_removed_meter() -> None:
    accepted = _with_new_meter("12", _replaced("312000"), None)
    assert accepted.replacement is not None
    assert accepted.replacement.removed_km == 312_000
