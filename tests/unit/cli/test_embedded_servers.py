import asyncio

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic


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
