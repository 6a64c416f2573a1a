"""How far the services' groups are, and how far they would have to be."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from cli.stack.plan import PARTITIONS
from contracts.registry import TOPICS, Topic, consumed_by

type Offsets = dict[TopicPartition, int]

_DEADLINE = 20.0


class Groups:
    """Reads and moves the committed offsets. A service's group has its name."""

    def __init__(self, bootstrap: str, consumer: AIOKafkaConsumer, admin: AIOKafkaAdminClient) -> None:
        self._bootstrap = bootstrap
        self._consumer = consumer
        self._admin = admin

    @classmethod
    @asynccontextmanager
    async def of(cls, bootstrap: str) -> AsyncIterator["Groups"]:
        """Raises TimeoutError when the block takes longer than 20 s: some of aiokafka's waits have no end."""
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=None)
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        try:
            async with asyncio.timeout(_DEADLINE):
                await consumer.start()
                await admin.start()
                await consumer._client.set_topics(list(TOPICS))  # one by one it would learn of them in a second
                yield cls(bootstrap, consumer, admin)
        finally:
            await admin.close()
            await consumer.stop()

    async def ends(self) -> Offsets:
        """Behind the last record of every partition."""
        ends: Offsets = await self._consumer.end_offsets(partitions_of(tuple(TOPICS.values())))
        return ends

    async def committed(self, service: str) -> Offsets:
        """What the service's group has committed; 0 where it has not yet."""
        found = await self._admin.list_consumer_group_offsets(service)
        partitions = partitions_of(consumed_by(service))
        return {partition: max(0, found[partition].offset) if partition in found else 0 for partition in partitions}

    async def rewind(self, service: str) -> None:
        """To the first record of every topic; the group must have no members."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, group_id=service, enable_auto_commit=False)
        await consumer.start()
        try:
            partitions = partitions_of(consumed_by(service))
            consumer.assign(partitions)
            await consumer.commit(dict.fromkeys(partitions, 0))
        finally:
            await consumer.stop()


def partitions_of(topics: tuple[Topic, ...]) -> list[TopicPartition]:
    """Of the local stack."""
    return [TopicPartition(topic.name, number) for topic in topics for number in range(PARTITIONS)]
