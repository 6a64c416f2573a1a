"""Takes record batches apart where aiokafka's own reader gives up: one bad record must not hide its neighbours.

aiokafka decodes header names as UTF-8 while it fetches, and raises for a whole partition when one is not. Here such a
name stays bytes, a record that makes no sense becomes an unreadable one with its place, and the rest is read on.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from aiokafka.errors import UnsupportedCodecError
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.util import decode_varint

from chassis.consuming.messages import HeaderName, RawRecord

_LENGTH_AT: Final = 8  # behind the base offset
_OVERHEAD: Final = 12  # base offset and length
_MAGIC_AT: Final = 16
_MAGIC: Final = 2  # Kafka 4 has no older format


@dataclass(frozen=True, slots=True)
class Place:
    """Where to read from."""

    topic: str
    partition: int
    position: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, and where to go on."""

    records: list[RawRecord]
    next_position: int


def read_records(data: bytes, place: Place, limit: int) -> Reading:
    """At most `limit` records of a fetch response's bytes; raises UnsupportedCodecError for a missing library."""
    records: list[RawRecord] = []
    position = place.position
    for raw_batch in _batches(data):
        found, after = _read_batch(raw_batch, Place(place.topic, place.partition, position))
        for record in found:
            if len(records) == limit:
                return Reading(records, record.offset)
            records.append(record)
        position = max(position, after)
    return Reading(records, position)


def _batches(data: bytes) -> Iterator[bytes]:
    start = 0
    while len(data) - start > _MAGIC_AT:
        (length,) = struct.unpack_from(">i", data, start + _LENGTH_AT)
        end = start + _OVERHEAD + length
        if length <= 0 or end > len(data):
            return  # the broker cuts the last one where the response ends
        yield data[start:end]
        start = end


def _read_batch(raw: bytes, place: Place) -> tuple[list[RawRecord], int]:
    """The batch's records from the position on, and the offset behind it."""
    try:
        batch = _DefaultRecordBatchPy(raw)
        after: int = batch.next_offset
        if after <= place.position or batch.is_control_batch:
            return [], after
        if batch.magic != _MAGIC or not batch.validate_crc():
            return [_unreadable(place, batch.base_offset, raw, "the batch is damaged (CRC)")], after
        return list(_read_all(batch, place)), after
    except UnsupportedCodecError:
        raise
    except Exception as error:  # noqa: BLE001 - damaged bytes fail in many ways
        base, last = struct.unpack_from(">q", raw)[0], _last_offset_delta(raw)
        return [_unreadable(place, base, raw, f"the batch is damaged ({type(error).__name__})")], base + last + 1


def _last_offset_delta(raw: bytes) -> int:
    at = 23  # behind base offset, length, leader epoch, magic, CRC and attributes
    return max(0, struct.unpack_from(">i", raw, at)[0]) if len(raw) >= at + 4 else 0


def _read_all(batch: _DefaultRecordBatchPy, place: Place) -> Iterator[RawRecord]:
    iter(batch)  # decompresses
    buffer, at = batch._buffer, batch._pos  # noqa: SLF001 - there is no public way to the bytes
    expected = batch.base_offset
    for _ in range(batch._num_records):  # noqa: SLF001
        length, start = decode_varint(buffer, at)
        at = start + length
        try:
            record = _Reader(buffer[start:at]).record(batch, place)
        except Exception as error:  # noqa: BLE001 - the length leads to the next record all the same
            record = _unreadable(place, expected, bytes(buffer[start:at]), f"not a record ({type(error).__name__})")
        expected = record.offset + 1
        if record.offset >= place.position:
            yield record


def _unreadable(place: Place, offset: int, found: bytes, reason: str) -> RawRecord:
    return RawRecord(place.topic, place.partition, max(offset, place.position), None, found, unreadable=reason)


class _Reader:
    """The fields of one record (message format 2), in their order."""

    def __init__(self, data: bytearray) -> None:
        self._data = data
        self._at = 0

    def record(self, batch: _DefaultRecordBatchPy, place: Place) -> RawRecord:
        self._at = 1  # the attributes are not used
        timestamp = batch.first_timestamp + self._number()
        offset = batch.base_offset + self._number()
        key, value = self._bytes(), self._bytes()
        headers = [self._header() for _ in range(self._number())]
        if self._at != len(self._data):
            raise ValueError("bytes are left over")
        if batch.timestamp_type == batch.LOG_APPEND_TIME:
            timestamp = batch.max_timestamp
        return RawRecord(place.topic, place.partition, offset, key, value, headers, timestamp)

    def _header(self) -> tuple[HeaderName, bytes | None]:
        name = self._bytes()
        if name is None:
            raise ValueError("a header without a name")
        try:
            return name.decode(), self._bytes()
        except UnicodeDecodeError:
            return name, self._bytes()

    def _number(self) -> int:
        number, self._at = decode_varint(self._data, self._at)
        return int(number)

    def _bytes(self) -> bytes | None:
        length = self._number()
        if length < 0:
            return None
        if self._at + length > len(self._data):
            raise ValueError("a field is longer than its record")
        self._at += length
        return bytes(self._data[self._at - length : self._at])
