"""Every record of a topic, also one that the usual client stops at."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from aiokafka import TopicPartition

from chassis.consuming.messages import RawRecord
from chassis.consuming.source import SafeConsumer, as_raw

_BATCH = 2000
_PATIENCE = 3600.0


async def read_topic(bootstrap: str, topic: str) -> AsyncGenerator[RawRecord]:
    """From its beginning to the end it has now, in order within each partition. Waits for Kafka without a deadline."""
    consumer = SafeConsumer(
        patience=_PATIENCE,
        failed=_leave_it_to_the_caller,
        before_stop=_nothing_to_commit,
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    consumer.subscribe([topic])
    await consumer.start()
    try:
        partitions: list[TopicPartition] = list(consumer.assignment())
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        while [partition for partition in partitions if await consumer.position(partition) < ends[partition]]:
            for partition, records in (await consumer.getmany(timeout_ms=500, max_records=_BATCH)).items():
                for record in map(as_raw, records):
                    if record.offset < ends[partition]:
                        yield record
    finally:
        await consumer.stop()


def _leave_it_to_the_caller(_error: Exception) -> None:
    """Its deadline ends the wait."""


async def _nothing_to_commit() -> None:
    """There is no group."""
