import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from secrets import token_hex
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from chassis.consuming import RawRecord
from chassis.db import Database
from chassis.kafka import KafkaConnection
from chassis.progress import write_progress
from cli.operations.lag import GroupLag, TopicLag, measure_lag
from contracts.registry import Topic
from tests.chassis.messaging.raw_batches import write_with_broken_header_name
from tests.service.cli.conftest import PARTITIONS, Invoke, Topics
from tests.support.databases import ServiceDatabaseFactory
from tests.support.eventually import eventually

MINUTE = 60.0


@pytest.fixture
def group() -> str:
    return f"group-{token_hex(6)}"


async def measured(kafka: KafkaConnection, topic: Topic, group: str) -> tuple[GroupLag, TopicLag]:
    [lag] = await measure_lag(kafka, [topic], {}, groups=[group])
    return lag, lag.topics[0]


async def consumed_topic(topics: Topics, group: str) -> Topic:
    return await topics.create(topics.declare(consumers=(group,)))


async def test_group_that_has_applied_everything_is_not_behind(
    kafka: KafkaConnection, topics: Topics, group: str
) -> None:
    topic = await consumed_topic(topics, group)
    await topics.write(topic, 3)
    await topics.commit(group, topic, {0: 3})
    lag, of_topic = await measured(kafka, topic, group)
    assert (of_topic.records, of_topic.seconds, of_topic.problem) == (0, 0.0, None)
    assert not lag.exceeds(0)


async def test_group_that_has_never_committed_is_behind_by_everything(
    kafka: KafkaConnection, topics: Topics, group: str
) -> None:
    topic = await consumed_topic(topics, group)
    await topics.write(topic, 2, partition=0)
    await topics.write(topic, 1, partition=1)
    lag, of_topic = await measured(kafka, topic, group)
    assert (of_topic.records, of_topic.unassigned, lag.members) == (3, PARTITIONS, 0)


async def test_age_is_that_of_the_oldest_record_behind_the_commit(
    kafka: KafkaConnection, topics: Topics, group: str
) -> None:
    topic = await consumed_topic(topics, group)
    now = time.time()
    for minutes, partition in ((60, 0), (10, 0), (2, 0), (5, 1)):
        await topics.write(topic, 1, partition=partition, written_at=now - minutes * MINUTE)
    await topics.commit(group, topic, {0: 1, 1: 0})
    lag, of_topic = await measured(kafka, topic, group)
    assert of_topic.records == 3
    assert of_topic.seconds == pytest.approx(10 * MINUTE, abs=MINUTE / 2)
    assert lag.exceeds(9 * MINUTE)
    assert not lag.exceeds(11 * MINUTE)


async def test_age_is_found_in_batches_larger_than_a_first_look(
    kafka: KafkaConnection, topics: Topics, group: str
) -> None:
    topic = await consumed_topic(topics, group)
    for partition in range(PARTITIONS):
        written_at = time.time() - 3 * MINUTE
        await topics.write(topic, 2, partition=partition, written_at=written_at, value=b"x" * 200_000)
    _, of_topic = await measured(kafka, topic, group)
    assert of_topic.records == 2 * PARTITIONS
    assert of_topic.seconds == pytest.approx(3 * MINUTE, abs=MINUTE / 2)


async def test_record_that_the_kafka_client_cannot_decode_has_an_age_too(
    kafka: KafkaConnection, topics: Topics, group: str
) -> None:
    topic = await consumed_topic(topics, group)
    record = RawRecord(topic.name, 0, 0, b"key", b"{}")
    await write_with_broken_header_name(kafka, [record], {0}, partition=0)
    _, of_topic = await measured(kafka, topic, group)
    assert of_topic.records == 1
    assert of_topic.seconds is not None


async def test_commit_beyond_the_end_is_told_as_lost_records(
    kafka: KafkaConnection, topics: Topics, group: str
) -> None:
    topic = await consumed_topic(topics, group)
    await topics.commit(group, topic, {1: 7})
    lag, of_topic = await measured(kafka, topic, group)
    assert of_topic.problem is not None
    assert "partition 1 is committed up to 7 and ends at 0" in of_topic.problem
    assert lag.exceeds(MINUTE)


async def test_missing_topic_is_told(kafka: KafkaConnection, topics: Topics, group: str) -> None:
    lag, of_topic = await measured(kafka, topics.declare(consumers=(group,)), group)
    assert of_topic.problem == "the topic is missing: see carpass topics plan"
    assert lag.exceeds(MINUTE)


@pytest.fixture
async def consumer(kafka: KafkaConnection, group: str) -> AsyncIterator[Any]:
    made: Any = AIOKafkaConsumer(
        **kafka.options(), group_id=group, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await made.start()
    yield made
    await made.stop()


async def test_members_and_the_partitions_that_nobody_has_are_counted(
    kafka: KafkaConnection, topics: Topics, group: str, consumer: Any
) -> None:
    topic = await consumed_topic(topics, group)
    consumer.subscribe([topic.name])

    async def joined() -> None:
        await asyncio.wait_for(consumer.getmany(timeout_ms=50), 5)
        lag, of_topic = await measured(kafka, topic, group)
        assert (lag.state, lag.members, of_topic.unassigned) == ("Stable", 1, 0)

    await eventually(joined, within=60)


async def test_workers_own_word_is_shown_beside(
    kafka: KafkaConnection, topics: Topics, service_database: ServiceDatabaseFactory
) -> None:
    topic = await topics.create(topics.declare(consumers=("trust",)))
    urls = await service_database("trust")
    database = Database(urls.worker_url, pool_size=1, application_name="test")
    async with database.transaction() as tx:
        await write_progress(tx, "trust", "a-worker", 12.5)
    await database.dispose()
    [lag] = await measure_lag(kafka, [topic], {"trust": urls.owner_url}, groups=["trust"])
    assert lag.workers is not None
    assert [(word.member, word.lag_seconds) for word in lag.workers] == [("a-worker", 12.5)]


async def test_database_that_is_away_does_not_hide_what_kafka_says(
    kafka: KafkaConnection, topics: Topics, unused_tcp_port: int
) -> None:
    topic = await topics.create(topics.declare(consumers=("trust",)))
    await topics.write(topic, 2)
    databases = {"trust": f"postgresql://trust@127.0.0.1:{unused_tcp_port}/trust"}
    [lag] = await measure_lag(kafka, [topic], databases, groups=["trust"])
    assert lag.problem is not None
    assert "does not answer" in lag.problem
    assert lag.topics[0].records == 2


@pytest.mark.usefixtures("named_kafka")
async def test_command_exits_with_1_when_a_record_waits_for_too_long(
    carpass: Invoke, topics: Topics, registered: Callable[[Sequence[Topic]], None]
) -> None:
    topic = await topics.create(topics.declare(consumers=("notifier",)))
    registered([topic])
    await topics.write(topic, 5, written_at=time.time() - 2 * MINUTE)
    late = await carpass("lag", "--group", "notifier", "--json")
    assert late.exit_code == 1
    document = json.loads(late.stdout)
    assert document["behind"] == ["notifier"]
    assert document["groups"][0]["topics"][0]["records"] == 5
    in_time = await carpass("lag", "--group", "notifier", "--max-seconds", 600)
    assert in_time.exit_code == 0
    assert "5 behind, the oldest waits 12" in in_time.stdout
    assert "Behind by more than 600 s: none." in in_time.stdout


async def test_group_that_no_service_has_is_wrong_usage(carpass: Invoke) -> None:
    assert (await carpass("lag", "--group", "nobody")).exit_code == 2
