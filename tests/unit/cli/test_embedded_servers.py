import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from cli.embedded.kafka import EmbeddedKafka


async def test_postgres_of_the_run_is_version_18_and_asks_for_a_password(postgres_admin_url: str) -> None:
    connection = await asyncpg.connect(postgres_admin_url)
    try:
        assert connection.get_server_version().major == 18
    finally:
        await connection.close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres_admin_url, password="not this one")


async def test_kafka_of_the_run_acknowledges_an_idempotent_send(kafka_bootstrap: str) -> None:
    topic = "embedded-servers-test"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, enable_idempotence=True)
    async with asyncio.timeout(60):
        await admin.start()
        try:
            await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
            await producer.start()
            try:
                sent = await producer.send_and_wait(topic, b"value", key=b"key")
            finally:
                await producer.stop()
            await admin.delete_topics([topic])
        finally:
            await admin.close()
    assert sent.offset == 0


def test_another_server_on_its_port_is_not_taken_for_kafka(
    postgres_admin_url: str, kafka_bootstrap: str, tmp_path: Path
) -> None:
    broker, port = EmbeddedKafka(tmp_path), tmp_path / "port"
    port.write_text(str(urlsplit(postgres_admin_url).port))
    assert not broker.ready()
    port.write_text(kafka_bootstrap.rpartition(":")[2])
    assert broker.ready()
