"""Record batches that no honest producer writes."""

import struct
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.record.util import calc_crc32c

from chassis.consuming import RawRecord
from chassis.kafka import KafkaConnection

STAND_IN = "x-name-to-be-spoiled"
NOT_UTF8 = b"x-\xff\xfe\xfd" + b"-" * (len(STAND_IN) - 5)
_CRC_AT = 17
_CRC_FROM = 21


async def write_with_broken_header_name(
    kafka: KafkaConnection, records: Sequence[RawRecord], spoiled: set[int], partition: int
) -> None:
    """Writes the records as one batch; those at the positions in `spoiled` get a header whose name is not UTF-8."""
    producer = AIOKafkaProducer(**kafka.options(), max_batch_size=1 << 20)
    await producer.start()
    try:
        batch: Any = producer.create_batch()
        for position, record in enumerate(records):
            extra = [(STAND_IN, b"value")] if position in spoiled else []
            added = batch.append(key=record.key, value=record.value, timestamp=None, headers=[*record.headers, *extra])
            assert added is not None
        batch._buffer = with_broken_header_name(bytes(batch._build()))
        await (await producer.send_batch(batch, records[0].topic, partition=partition))
    finally:
        await producer.stop()


def with_broken_header_name(batch: bytes) -> bytes:
    """The same batch with the stand-in replaced, and a checksum that fits."""
    return with_checksum(batch.replace(STAND_IN.encode(), NOT_UTF8))


def with_checksum(batch: bytes) -> bytes:
    checksum = calc_crc32c(batch[_CRC_FROM:])
    return batch[:_CRC_AT] + struct.pack(">I", checksum) + batch[_CRC_FROM:]
