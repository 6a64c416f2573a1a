import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from cli.embedded.kafka import EmbeddedKafka
from cli.embedded.postgres import EmbeddedPostgres

pytestmark = pytest.mark.crash


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path / "postgres")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[EmbeddedKafka]:
    broker = EmbeddedKafka(tmp_path / "kafka", settings={"broker.session.timeout.ms": "2000"})
    broker.start()
    yield broker
    broker.kill()


async def _committed(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url, timeout=60)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_postgres_keeps_what_was_committed_before_a_kill_9(postgres: EmbeddedPostgres) -> None:
    await _committed(postgres.superuser_url, "CREATE TABLE kept AS SELECT 7 AS id")
    port = postgres.port
    postgres.kill()
    postgres.start()
    assert postgres.port == port
    assert await _committed(postgres.superuser_url, "SELECT id FROM kept") == 7


async def test_postgres_is_taken_over_by_a_later_process(postgres: EmbeddedPostgres) -> None:
    later = EmbeddedPostgres(postgres.state_dir)
    later.start()
    assert later.pid == postgres.pid


async def _create_topic(bootstrap: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def _send(bootstrap: str, topic: str, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await producer.start()
    try:
        await producer.send_and_wait(topic, value)
    finally:
        await producer.stop()


async def _read(bootstrap: str, topic: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0)])
        return [(await consumer.getone()).value or b"" for _ in range(count)]
    finally:
        await consumer.stop()


async def test_kafka_keeps_what_it_acknowledged_before_a_kill_9(kafka: EmbeddedKafka) -> None:
    async with asyncio.timeout(90):
        await _create_topic(kafka.bootstrap, "kept")
        await _send(kafka.bootstrap, "kept", b"before")
        bootstrap = kafka.bootstrap
        kafka.kill()
        kafka.start()
        assert kafka.bootstrap == bootstrap
        await _send(bootstrap, "kept", b"after")
        assert await _read(bootstrap, "kept", 2) == [b"before", b"after"]
