"""One test's topic on the real broker."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from secrets import token_hex
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from chassis.consuming import RawRecord, raw_record
from chassis.kafka import KafkaConnection
from tests.chassis.messaging.sample import Moved, Noted, on_topic

PARTITIONS = 3


class Broker:
    def __init__(
        self, kafka: KafkaConnection, topic: str, producer: AIOKafkaProducer, admin: AIOKafkaAdminClient
    ) -> None:
        self.kafka = kafka
        self._admin = admin
        self._topics = [topic]
        self.topic = topic
        self.group = f"group-{topic}"
        self.noted: type[Noted] = on_topic(Noted, topic)
        self.moved: type[Moved] = on_topic(Moved, topic)
        self._producer = producer

    @classmethod
    @asynccontextmanager
    async def open(cls, kafka: KafkaConnection) -> AsyncIterator["Broker"]:
        topic = f"test.{token_hex(6)}"
        admin = AIOKafkaAdminClient(**kafka.options())
        await admin.start()
        producer = AIOKafkaProducer(**kafka.options(), enable_idempotence=True)
        try:
            await admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
            await producer.start()
            broker = cls(kafka, topic, producer, admin)
            yield broker
        finally:
            await producer.stop()
            await admin.delete_topics(broker._topics)
            await admin.close()

    async def create(self, topic: str) -> None:
        """One more topic."""
        self._topics.append(topic)
        await self._admin.create_topics([NewTopic(topic, PARTITIONS, 1)])

    async def publish(self, events: Sequence[Noted | Moved]) -> list[RawRecord]:
        """Writes them as the relay would."""
        return await self.write([raw_record(event) for event in events])

    async def write(self, records: Sequence[RawRecord], partition: int | None = None) -> list[RawRecord]:
        """Writes the records as they are; returns them with the places that they got."""
        sent = [
            await self._producer.send(record.topic, record.value, record.key, partition, headers=list(record.headers))
            for record in records
        ]
        placed = []
        for record, ack in zip(records, sent, strict=True):
            metadata = await ack
            placed.append(
                RawRecord(record.topic, metadata.partition, metadata.offset, record.key, record.value, record.headers)
            )
        return placed

    async def records(self, count: int | None = None) -> list["ConsumerRecord[bytes, bytes]"]:
        """Everything on the topic, by partition and offset; fails when there is less than `count`."""
        consumer: Any = AIOKafkaConsumer(**self.kafka.options())
        await consumer.start()
        try:
            partitions = [TopicPartition(self.topic, number) for number in range(PARTITIONS)]
            consumer.assign(partitions)
            await consumer.seek_to_beginning()
            ends = await consumer.end_offsets(partitions)
            found: list[ConsumerRecord[bytes, bytes]] = []
            while len(found) < sum(ends.values()):
                for records in (await consumer.getmany(timeout_ms=1000)).values():
                    found += records
        finally:
            await consumer.stop()
        assert count is None or len(found) >= count
        return sorted(found, key=lambda record: (record.partition, record.offset))

    async def committed(self) -> int:
        """The sum of the group's committed offsets."""
        consumer: Any = AIOKafkaConsumer(**self.kafka.options(), group_id=self.group, enable_auto_commit=False)
        await consumer.start()
        try:
            consumer.assign([TopicPartition(self.topic, number) for number in range(PARTITIONS)])
            offsets = [await consumer.committed(partition) for partition in consumer.assignment()]
        finally:
            await consumer.stop()
        return sum(offset or 0 for offset in offsets)
