from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.http.pages import decode_cursor, encode_cursor, page
from chassis.problems import BadRequest

instants = st.datetimes(timezones=st.just(UTC))


@given(instants, st.uuids())
def test_cursor_keeps_the_position_to_the_microsecond(at: datetime, row_id: UUID) -> None:
    cursor = encode_cursor(at, row_id)
    assert decode_cursor(cursor) == (at, row_id)
    assert cursor.replace("-", "").replace("_", "").isalnum()


@given(st.text() | st.binary(max_size=40).map(lambda data: data.hex()))
def test_any_other_text_is_a_bad_request_or_a_position(text: str) -> None:
    try:
        at, row_id = decode_cursor(text)
    except BadRequest:
        return
    assert encode_cursor(at, row_id) == text


@pytest.mark.parametrize(("rows", "has_more"), [(0, False), (1, False), (3, False), (4, True)])
def test_page_has_a_next_one_when_a_row_is_left_over(rows: int, has_more: bool) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    fetched = [(start + timedelta(days=number), UUID(int=number)) for number in range(rows)]
    shown = page(fetched, 3, key=lambda row: row, item=lambda row: row[1].int)
    assert shown.data == list(range(min(rows, 3)))
    assert shown.has_more == has_more
    assert shown.next_cursor == (encode_cursor(*fetched[2]) if has_more else None)
