"""Batches as bytes, damaged in ways that a broker would not let through, or that aiokafka cannot read."""

import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from chassis.consuming import RawRecord
from chassis.consuming.tolerant import Place, read_records
from tests.chassis.messaging.raw_batches import NOT_UTF8, STAND_IN, with_broken_header_name, with_checksum

PLACE = Place("sample.note", 1, 0)
UNLIMITED = 1_000_000
_BASE_OFFSET_BYTES = 8


def batch(count: int, *, base_offset: int = 0, compression: int = 0) -> bytes:
    """Records 0 … count-1 whose values are their numbers; each has a header that can be spoiled."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=compression,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=1 << 20,
    )
    for number in range(count):
        headers = [(STAND_IN, b"value"), ("x-null", None)]
        builder.append(number, timestamp=1000 + number, key=b"k", value=str(number).encode(), headers=headers)
    built = bytes(builder.build())
    return base_offset.to_bytes(_BASE_OFFSET_BYTES) + built[_BASE_OFFSET_BYTES:]


def values(records: list[RawRecord]) -> list[bytes | None]:
    return [record.value for record in records]


def test_a_sound_batch_is_read_as_it_is() -> None:
    reading = read_records(batch(3, base_offset=40), PLACE, UNLIMITED)
    first = RawRecord("sample.note", 1, 40, b"k", b"0", [(STAND_IN, b"value"), ("x-null", None)], 1000)
    assert reading.records[0] == first
    assert [record.offset for record in reading.records] == [40, 41, 42]
    assert reading.next_position == 43


def test_a_compressed_batch_is_read() -> None:
    gzip = 1
    assert values(read_records(batch(3, compression=gzip), PLACE, UNLIMITED).records) == [b"0", b"1", b"2"]


def test_header_names_that_are_not_utf8_stay_bytes() -> None:
    reading = read_records(with_broken_header_name(batch(2)), PLACE, UNLIMITED)
    assert values(reading.records) == [b"0", b"1"]
    assert reading.records[1].headers[0] == (NOT_UTF8, b"value")
    assert reading.records[1].unreadable is None


def test_reading_begins_in_the_middle_of_a_batch_and_ends_at_the_limit() -> None:
    both = batch(10) + batch(10, base_offset=10)
    reading = read_records(both, Place("sample.note", 1, 4), 8)
    assert [record.offset for record in reading.records] == list(range(4, 12))
    assert reading.next_position == 12


def test_a_last_batch_that_is_cut_off_is_left_for_the_next_fetch() -> None:
    whole, cut = batch(2), batch(2, base_offset=2)[:-5]
    assert read_records(whole + cut, PLACE, UNLIMITED).next_position == 2


def test_a_damaged_batch_is_one_unreadable_record_and_the_next_batch_is_read() -> None:
    damaged = bytearray(batch(3))
    damaged[-3] ^= 0xFF
    reading = read_records(bytes(damaged) + batch(2, base_offset=3), PLACE, UNLIMITED)
    assert [(record.offset, record.unreadable is not None) for record in reading.records] == [
        (0, True),
        (3, False),
        (4, False),
    ]
    assert reading.records[0].value == bytes(damaged)
    assert reading.next_position == 5


def test_a_damaged_record_costs_only_itself() -> None:
    sound = batch(3)
    damaged = with_checksum(sound.replace(b"\x021", b"\x7f1", 1))  # the second value claims to be longer
    reading = read_records(damaged, PLACE, UNLIMITED)
    assert [(record.offset, record.unreadable is None) for record in reading.records] == [
        (0, True),
        (1, False),
        (2, True),
    ]


@pytest.mark.parametrize("length", [0, 5, 20, 60])
def test_rubbish_does_not_end_in_an_exception(length: int) -> None:
    assert read_records(b"\x00" * length, PLACE, UNLIMITED).next_position == 0
