from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from chassis.consuming import Subscriptions
from chassis.db import Database
from chassis.kafka import KafkaConnection
from chassis.provision import ServiceDatabase
from tests.chassis.messaging import sample
from tests.chassis.messaging.broker import Broker
from tests.chassis.messaging.outbox import Outbox
from tests.support.databases import TestDatabases


@pytest.fixture
async def sample_database(test_databases: TestDatabases) -> AsyncIterator[ServiceDatabase]:
    made = await test_databases.create("sample", sample.MIGRATIONS)
    yield made
    await test_databases.drop(made)


@pytest.fixture
async def database(sample_database: ServiceDatabase) -> AsyncIterator[Database]:
    """The worker role's."""
    database = Database(
        sample_database.worker_url,
        pool_size=8,
        application_name="test-worker",
        acquire_timeout=timedelta(seconds=20),
    )
    yield database
    await database.dispose()


@pytest.fixture
async def api_database(sample_database: ServiceDatabase) -> AsyncIterator[Database]:
    database = Database(
        sample_database.api_url,
        pool_size=8,
        application_name="test-api",
        acquire_timeout=timedelta(seconds=20),
    )
    yield database
    await database.dispose()


@pytest.fixture
def kafka(kafka_bootstrap: str) -> KafkaConnection:
    return KafkaConnection(kafka_bootstrap)


@pytest.fixture
async def broker(kafka: KafkaConnection) -> AsyncIterator[Broker]:
    """A topic for this test alone, and ways to write to and read from it."""
    async with Broker.open(kafka) as broker:
        yield broker


@pytest.fixture
def subscriptions(broker: Broker) -> Subscriptions:
    return sample.subscriptions(broker.group, broker.noted, broker.moved)


@pytest.fixture
def outbox(api_database: Database, database: Database, broker: Broker) -> Outbox:
    return Outbox(api_database, database, broker)
