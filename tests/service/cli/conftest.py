import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from secrets import token_hex
from types import MappingProxyType
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from typer.testing import CliRunner, Result

from chassis.kafka import KafkaConnection
from cli.app import build
from cli.operations.cluster import reach
from contracts import registry
from contracts.registry import TOPICS, Topic
from tests.support.eventually import eventually

PARTITIONS = 3

type Invoke = Callable[..., Awaitable[Result]]


@pytest.fixture
def kafka(kafka_bootstrap: str) -> KafkaConnection:
    return KafkaConnection(kafka_bootstrap)


@pytest.fixture
async def admin(kafka: KafkaConnection) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(**kafka.options())
    await client.start()
    yield client
    await client.close()


class Topics:
    """Topics of one test, on the broker that all share."""

    def __init__(self, kafka: KafkaConnection, admin: AIOKafkaAdminClient) -> None:
        self._kafka = kafka
        self._admin = admin
        self._names: list[str] = []

    def declare(self, like: str = "owners.car", **changes: Any) -> Topic:
        """A registry's topic under a name of its own; it is not created."""
        topic = replace(TOPICS[like], name=f"test.{token_hex(6)}", **changes)
        self._names.append(topic.name)
        return topic

    async def create(
        self, topic: Topic, settings: Mapping[str, str] | None = None, *, partitions: int = PARTITIONS
    ) -> Topic:
        """Makes it, with settings as Kafka names them."""
        new = NewTopic(topic.name, partitions, 1, topic_configs=dict(settings or {}))
        answer: Any = await self._admin.create_topics([new])
        assert [code for _, code, *_ in answer.topic_errors] == [0]
        await eventually(lambda: self._is_known(topic, partitions))
        return topic

    async def _is_known(self, topic: Topic, partitions: int) -> bool:
        """Whether the broker has heard of it from the controller, with a leader for each partition."""
        async with reach(self._kafka) as cluster:
            state = (await cluster.topics([topic.name])).get(topic.name)
        return state is not None and sum(leader >= 0 for leader in state.leaders.values()) == partitions

    async def write(
        self, topic: Topic, count: int, *, partition: int = 0, written_at: float | None = None, value: bytes = b"{}"
    ) -> None:
        """`written_at` in seconds since 1970."""
        milliseconds = None if written_at is None else round(written_at * 1000)
        producer = AIOKafkaProducer(**self._kafka.options())
        await producer.start()
        try:
            sent = [
                await producer.send(topic.name, value, partition=partition, timestamp_ms=milliseconds)
                for _ in range(count)
            ]
            await asyncio.gather(*sent)
        finally:
            await producer.stop()

    async def commit(self, group: str, topic: Topic, offsets: dict[int, int]) -> None:
        """As a worker of the group would have."""
        consumer: Any = AIOKafkaConsumer(**self._kafka.options(), group_id=group, enable_auto_commit=False)
        await consumer.start()
        try:
            consumer.assign([TopicPartition(topic.name, partition) for partition in offsets])
            await consumer.commit({TopicPartition(topic.name, one): offset for one, offset in offsets.items()})
        finally:
            await consumer.stop()

    async def remove(self) -> None:
        await self._admin.delete_topics(self._names)


@pytest.fixture
async def topics(kafka: KafkaConnection, admin: AIOKafkaAdminClient) -> AsyncIterator[Topics]:
    made = Topics(kafka, admin)
    yield made
    await made.remove()


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[Topic]], None]:
    """`registered([topic])`: the registry has these topics and no other."""

    def register(topics: Sequence[Topic]) -> None:
        monkeypatch.setattr(registry, "TOPICS", MappingProxyType({topic.name: topic for topic in topics}))

    return register


@pytest.fixture
def carpass() -> Invoke:
    """`await carpass("topics", "plan")`: the command, in a thread because it has an event loop of its own."""

    async def invoke(*arguments: object) -> Result:
        named = [str(argument) for argument in arguments]
        return await asyncio.to_thread(CliRunner().invoke, build(named), named)

    return invoke


@pytest.fixture
def named_kafka(monkeypatch: pytest.MonkeyPatch, kafka_bootstrap: str) -> None:
    monkeypatch.setenv("CARPASS_KAFKA_BOOTSTRAP", kafka_bootstrap)
    monkeypatch.setenv("CARPASS_KAFKA_PARTITIONS", str(PARTITIONS))
    monkeypatch.setenv("CARPASS_KAFKA_REPLICATION", "1")
