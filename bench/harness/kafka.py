"""Kafka as benchmarks need it: topics filled as fast as it goes, groups put back, leftovers removed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from chassis.kafka import KafkaConnection
from cli.operations.cluster import reach
from cli.operations.positions import END, committed_offsets, offsets_at
from contracts.registry import PARTITIONS

_EVERYTHING: Final = -1
_LOOK_EVERY: Final = 0.05


class KafkaRecord(NamedTuple):
    """What is sent; the headers are ready."""

    topic: str
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]] = ()


def raw_producer(bootstrap: str) -> AIOKafkaProducer:
    """An idempotent producer set for throughput: what the relay is measured against."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, linger_ms=0, max_batch_size=256 * 1024
    )


async def send_all(producer: AIOKafkaProducer, records: Iterable[KafkaRecord]) -> None:
    """Pipelined: queued one after the other, then all acks are awaited."""
    acks = [await producer.send(record.topic, record.value, record.key, headers=record.headers) for record in records]
    await asyncio.gather(*acks)


async def load(bootstrap: str, records: Iterable[KafkaRecord]) -> None:
    """Writes all of them."""
    producer = raw_producer(bootstrap)
    await producer.start()
    try:
        await send_all(producer, records)
    finally:
        await producer.stop()


async def read_all(bootstrap: str, topic: str) -> list[Any]:
    """The records from the beginning of the topic to what is its end now, in order per partition."""
    consumer: Any = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = partitions_of(topic)
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        records: list[Any] = []
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            for fetched in (await consumer.getmany(timeout_ms=200)).values():
                records += fetched
        return records
    finally:
        await consumer.stop()


async def empty(bootstrap: str, topic: str) -> None:
    """Removes all records; offsets go on."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        everything = RecordsToDelete(before_offset=_EVERYTHING)
        await admin.delete_records(dict.fromkeys(partitions_of(topic), everything))
    finally:
        await admin.close()


async def rewind(bootstrap: str, group: str, topic: str) -> None:
    """Puts a group without members back to the beginning of the topic."""
    consumer: Any = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(partitions_of(topic))
        await consumer.commit(await consumer.beginning_offsets(partitions_of(topic)))
    finally:
        await consumer.stop()


async def caught_up(bootstrap: str, group: str, topic: str) -> None:
    """Waits until the group has committed all that is in the topic now."""
    async with reach(KafkaConnection(bootstrap)) as cluster:
        leaders = {
            TopicPartition(topic, number): leader
            for number, leader in (await cluster.topics([topic]))[topic].leaders.items()
        }
        ends = await offsets_at(cluster, leaders, END)
        while True:
            committed = await committed_offsets(cluster, group)
            if all(committed.get(partition, 0) >= end for partition, end in ends.items()):
                return
            await asyncio.sleep(_LOOK_EVERY)


def partitions_of(topic: str) -> list[TopicPartition]:
    """All of a topic of the registry."""
    return [TopicPartition(topic, number) for number in range(PARTITIONS)]
