"""Whether the topics tell each aggregate's events in order and without a gap; repeats of what was told are allowed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from contracts.registry import TOPICS, Topic

_DEADLINE = 120.0
_BATCH = 2000


@dataclass
class OrderReport:
    """`broken` has a sentence for each event that came too early or too late; `aggregates` is how many there are."""

    events: int = 0
    repeats: int = 0
    aggregates: int = 0
    broken: list[str] = field(default_factory=list)


async def check_order(bootstrap: str, topics: Iterable[Topic] = tuple(TOPICS.values())) -> OrderReport:
    """Reads every topic from its beginning to the end it has now; TimeoutError after two minutes."""
    report = OrderReport()
    async with asyncio.timeout(_DEADLINE):
        for topic in topics:
            # A compacted topic has gaps by design.
            if topic.cleanup_policy == "delete":
                await _check_topic(bootstrap, topic, report)
    return report


async def _check_topic(bootstrap: str, topic: Topic, report: OrderReport) -> None:
    consumer = AIOKafkaConsumer(
        topic.name,
        bootstrap_servers=bootstrap,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        await _read_to_end(consumer, topic, report)
    finally:
        await consumer.stop()


async def _read_to_end(consumer: AIOKafkaConsumer, topic: Topic, report: OrderReport) -> None:
    partitions: list[TopicPartition] = list(consumer.assignment())
    ends = await consumer.end_offsets(partitions)
    seen: dict[str, int] = {}
    remaining = {partition for partition in partitions if ends[partition] > 0}
    while remaining:
        for partition, records in (await consumer.getmany(timeout_ms=500, max_records=_BATCH)).items():
            for record in records:
                if record.offset < ends[partition]:
                    _look(record, topic, seen, report)
        remaining = {partition for partition in remaining if await consumer.position(partition) < ends[partition]}
    report.aggregates += len(seen)


def _look(record: ConsumerRecord[bytes, bytes], topic: Topic, seen: dict[str, int], report: OrderReport) -> None:
    headers = dict(record.headers)
    try:
        aggregate = headers["ce_subject"].decode()
        sequence = int(json.loads(record.value or b"")["sequence"])
    except (KeyError, ValueError, TypeError):
        return  # not one of ours: the consumers have it in their dead letters
    report.events += 1
    last = seen.get(aggregate, 0)
    if sequence <= last:
        report.repeats += 1
    elif sequence == last + 1:
        seen[aggregate] = sequence
    else:
        report.broken.append(f"{topic.name}: {aggregate} has sequence {sequence} after {last} (offset {record.offset})")
        seen[aggregate] = sequence
