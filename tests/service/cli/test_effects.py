import json
from functools import partial

import pytest

from chassis.consuming import RawRecord
from chassis.kafka import KafkaConnection
from cli.operations import ordering
from cli.stack.plan import SERVICES
from tests.chassis.messaging.raw_batches import write_with_broken_header_name
from tests.service.cli.conftest import Invoke, Topics
from tests.support.databases import ServiceDatabaseFactory


@pytest.fixture
async def installation(
    service_database: ServiceDatabaseFactory, monkeypatch: pytest.MonkeyPatch, kafka_bootstrap: str
) -> None:
    """All five databases, empty, and named by the environment."""
    monkeypatch.setenv("CARPASS_KAFKA_BOOTSTRAP", kafka_bootstrap)
    for service in SERVICES:
        monkeypatch.setenv(f"CARPASS_{service.upper()}_DATABASE_URL", (await service_database(service)).owner_url)


@pytest.mark.usefixtures("installation")
async def test_record_that_cannot_be_fetched_does_not_spoil_the_json(
    carpass: Invoke, topics: Topics, kafka: KafkaConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = await topics.create(topics.declare())
    records = [
        RawRecord(
            topic=topic.name,
            partition=0,
            offset=offset,
            key=b"car",
            value=json.dumps({"sequence": offset + 1}).encode(),
            headers=(("ce_subject", b"car"),),
        )
        for offset in range(3)
    ]
    await write_with_broken_header_name(kafka, records, {2}, 0)
    monkeypatch.setattr(ordering, "check_order", partial(ordering.check_order, topics=[topic]))
    result = await carpass("effects", "--order", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["order"] == {"events": 3, "repeats": 0, "broken": []}
