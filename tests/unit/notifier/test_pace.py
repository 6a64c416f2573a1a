from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.pace import INTERVAL, PER_SECOND, Pace

NOW = datetime(2026, 3, 14, 10, 0, tzinfo=UTC)
LONG_AGO = Pace(NOW - timedelta(days=1), None)


@given(
    st.lists(
        st.tuples(st.integers(min_value=0, max_value=30), st.floats(min_value=0, max_value=2)), min_size=1, max_size=60
    )
)
def test_never_more_than_thirty_messages_in_any_second_whoever_asks(requests: list[tuple[int, float]]) -> None:
    pace, now, slots = LONG_AGO, NOW, []
    for count, pause in requests:
        now += timedelta(seconds=pause)
        reserved, pace = pace.reserve(min(count, pace.free_slots(now)), now)
        slots += reserved
    assert slots == sorted(slots)
    almost_a_second = timedelta(seconds=1) - timedelta(milliseconds=1)
    for place, slot in enumerate(slots):
        within = [other for other in slots[place:] if other - slot <= almost_a_second]
        assert len(within) <= PER_SECOND


@given(st.floats(min_value=0, max_value=5))
def test_nobody_is_sent_into_the_past_or_far_ahead(late: float) -> None:
    pace = Pace(NOW + timedelta(seconds=late), None)
    reserved, _ = pace.reserve(pace.free_slots(NOW), NOW)
    assert all(NOW <= slot < NOW + timedelta(seconds=1) for slot in reserved)


def test_an_idle_bot_saves_nothing_up() -> None:
    reserved, after = LONG_AGO.reserve(2, NOW)
    assert reserved == [NOW, NOW + INTERVAL]
    assert after.next_slot_at == NOW + 2 * INTERVAL


def test_a_frozen_bot_has_no_slots_until_the_ice_is_gone() -> None:
    frozen = Pace(NOW - timedelta(days=1), NOW + timedelta(seconds=7))
    assert frozen.free_slots(NOW + timedelta(seconds=6)) == 0
    assert frozen.free_slots(NOW + timedelta(seconds=7)) == PER_SECOND
