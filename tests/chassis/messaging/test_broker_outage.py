"""A broker of this module's own is killed, frozen and started again."""

import asyncio
import inspect
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from aiokafka.errors import KafkaError

from chassis.consuming import Subscriptions
from chassis.db import Database
from chassis.kafka import KafkaConnection, KafkaStuck
from chassis.provision import ServiceDatabase
from chassis.relay import Relay, RelaySettings
from chassis.relay_producer import Ack, OutgoingRow, RelayProducer
from chassis.topics import ensure_topics
from cli.embedded.kafka import EmbeddedKafka
from contracts.registry import Topic
from tests.chassis.messaging import sample
from tests.chassis.messaging.broker import Broker
from tests.chassis.messaging.outbox import Outbox, without_repetitions
from tests.chassis.messaging.sample import Noted, noted, on_topic
from tests.chassis.messaging.workers import SETTINGS, all_applied, running_worker
from tests.support.eventually import eventually

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]

QUICK = RelaySettings(poll_interval=0.1, ack_timeout=1.0, finish=1.0, batch_size=50)


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    kafka = EmbeddedKafka(tmp_path_factory.mktemp("kafka"), settings={"broker.session.timeout.ms": "2000"})
    kafka.start(120)
    yield kafka
    kafka.kill()


@pytest.fixture
def kafka(own_kafka: EmbeddedKafka) -> KafkaConnection:
    if not own_kafka.running():
        own_kafka.start(120)
    return KafkaConnection(own_kafka.bootstrap)


def _source(task: "asyncio.Task[Any]") -> str:
    running = task.get_coro()
    return running.cr_code.co_filename if inspect.iscoroutine(running) else ""


def clients_tasks() -> set["asyncio.Task[Any]"]:
    """Those that aiokafka began and that have not ended."""
    return {task for task in asyncio.all_tasks() if "aiokafka" in _source(task)}


@pytest.fixture(autouse=True)
async def nothing_left_behind() -> AsyncIterator[None]:
    """Whatever became of the broker, no client goes on asking for it."""
    before = clients_tasks()
    yield

    def all_ended() -> None:
        assert clients_tasks() <= before

    await eventually(all_ended, within=30)


@contextmanager
def frozen(kafka: EmbeddedKafka) -> Iterator[None]:
    assert kafka.pid is not None
    os.kill(kafka.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(kafka.pid, signal.SIGCONT)


@pytest.fixture
async def broker(own_kafka: EmbeddedKafka, kafka: KafkaConnection) -> AsyncIterator[Broker]:
    async with Broker.open(kafka) as broker:
        yield broker
        if not own_kafka.running():
            await restarted(own_kafka)


async def restarted(kafka: EmbeddedKafka) -> None:
    await asyncio.to_thread(kafka.start, 120)


async def ended(stop: asyncio.Event, task: "asyncio.Task[None]") -> None:
    stop.set()
    await asyncio.wait_for(task, 60)


async def test_rows_wait_for_a_broker_that_is_away_and_drain_after(
    outbox: Outbox, sample_database: ServiceDatabase, kafka: KafkaConnection, own_kafka: EmbeddedKafka
) -> None:
    note_id, stop = uuid4(), asyncio.Event()
    relay = Relay(sample_database.worker_url, kafka, QUICK)
    task = asyncio.create_task(relay.run(stop))
    await outbox.write(note_id, range(1, 101))
    await outbox.drained()
    own_kafka.kill()
    await outbox.write(note_id, range(101, 1001))
    with pytest.raises(AssertionError):
        await outbox.drained(within=3)
    await restarted(own_kafka)
    await outbox.drained(within=60)
    await ended(stop, task)
    assert without_repetitions(await outbox.sent_of(note_id)) == list(range(1, 1001))


async def test_a_broker_that_hangs_for_a_while_gets_nothing_twice(
    outbox: Outbox, sample_database: ServiceDatabase, kafka: KafkaConnection, own_kafka: EmbeddedKafka
) -> None:
    note_id, stop = uuid4(), asyncio.Event()
    patient = replace(QUICK, ack_timeout=60.0)
    task = asyncio.create_task(Relay(sample_database.worker_url, kafka, patient).run(stop))
    await outbox.write(note_id, range(1, 11))
    await outbox.drained()
    with frozen(own_kafka):
        await outbox.write(note_id, range(11, 1001))
        with pytest.raises(AssertionError):
            await outbox.drained(within=3)
    await outbox.drained(within=60)
    await ended(stop, task)
    assert await outbox.sent_of(note_id) == list(range(1, 1001))


async def test_a_broker_that_hangs_for_longer_costs_no_event_and_no_order(
    outbox: Outbox, sample_database: ServiceDatabase, kafka: KafkaConnection, own_kafka: EmbeddedKafka
) -> None:
    note_id, stop = uuid4(), asyncio.Event()
    task = asyncio.create_task(Relay(sample_database.worker_url, kafka, QUICK).run(stop))
    await outbox.write(note_id, range(1, 11))
    await outbox.drained()
    with frozen(own_kafka):
        await outbox.write(note_id, range(11, 1001))
        with pytest.raises(AssertionError):
            await outbox.drained(within=5)
    await outbox.drained(within=60)
    await ended(stop, task)
    found = await outbox.sent_of(note_id)
    assert without_repetitions(found) == list(range(1, 1001))
    in_flight = QUICK.batch_size * QUICK.batches_in_flight
    assert len(found) <= 1000 + in_flight


async def test_a_relay_ends_in_time_while_the_broker_hangs(
    outbox: Outbox, sample_database: ServiceDatabase, kafka: KafkaConnection, own_kafka: EmbeddedKafka
) -> None:
    note_id, stop = uuid4(), asyncio.Event()
    task = asyncio.create_task(Relay(sample_database.worker_url, kafka, QUICK).run(stop))
    await outbox.write(note_id, range(1, 11))
    await outbox.drained()
    with frozen(own_kafka):
        await outbox.write(note_id, range(11, 21))
        await ended(stop, task)
    assert await outbox.size() == 10


async def test_a_relay_ends_the_process_when_kafka_stays_away(
    sample_database: ServiceDatabase, kafka: KafkaConnection, own_kafka: EmbeddedKafka
) -> None:
    own_kafka.kill()
    relay = Relay(sample_database.worker_url, kafka, replace(QUICK, patience=1.0))
    with pytest.raises(KafkaStuck):
        await asyncio.wait_for(relay.run(asyncio.Event()), 60)


async def test_a_producer_that_was_given_up_never_sends(
    kafka: KafkaConnection, own_kafka: EmbeddedKafka, broker: Broker
) -> None:
    producer = await RelayProducer.open(kafka, client_id="given-up", request_timeout=1.0)
    event = noted(broker.noted)

    async def send(value: bytes, keys: range) -> list[Ack]:
        rows = [OutgoingRow(key, broker.topic, str(key).encode(), "{}", value, 0) for key in keys]
        return [await producer.send(parcel) for parcel in await producer.packed(rows)]

    await asyncio.gather(*await send(b"first", range(1)))
    own_kafka.kill()
    acks = await send(b"late", range(20))
    done, _ = await asyncio.wait(acks, timeout=1)
    assert not done
    await producer.give_up()
    outcomes = await asyncio.gather(*acks, return_exceptions=True)
    assert all(isinstance(outcome, KafkaError) for outcome in outcomes)
    await restarted(own_kafka)
    await broker.publish([event])
    assert sorted(record.value or b"" for record in await broker.records()) == sorted(
        [b"first", event.__pydantic_serializer__.to_json(event)]
    )


async def test_a_worker_goes_on_by_itself_after_the_broker_was_killed(
    database: Database,
    subscriptions: Subscriptions,
    kafka: KafkaConnection,
    own_kafka: EmbeddedKafka,
    broker: Broker,
) -> None:
    async with running_worker(database, subscriptions, kafka, replace(SETTINGS, patience=120.0)):
        await broker.publish([noted(broker.noted) for _ in range(100)])
        await all_applied(database, 100)
        own_kafka.kill()
        await restarted(own_kafka)
        await broker.publish([noted(broker.noted) for _ in range(100)])
        await all_applied(database, 200, within=60)
    assert await sample.dead_offsets(database) == []


async def test_a_worker_ends_in_time_while_the_broker_is_away(
    database: Database,
    subscriptions: Subscriptions,
    kafka: KafkaConnection,
    own_kafka: EmbeddedKafka,
    broker: Broker,
) -> None:
    async with running_worker(database, subscriptions, kafka) as running:
        await broker.publish([noted(broker.noted) for _ in range(10)])
        await all_applied(database, 10)
        with frozen(own_kafka):
            await running.stop()


async def test_a_worker_that_makes_no_progress_ends_the_process(
    database: Database, subscriptions: Subscriptions, kafka: KafkaConnection, own_kafka: EmbeddedKafka
) -> None:
    settings = replace(SETTINGS, stalled_after=1.0, silent_after=2.0)
    async with running_worker(database, subscriptions, kafka, settings) as running:
        with frozen(own_kafka), pytest.raises(KafkaStuck):
            await asyncio.wait_for(asyncio.shield(running.task), 60)


async def test_topics_are_created_when_the_broker_comes_up_and_left_alone_afterwards(
    kafka: KafkaConnection, own_kafka: EmbeddedKafka
) -> None:
    name = f"test.{uuid4().hex[:12]}"
    topic = Topic(name, key="note_id", producer="owners", consumers=(), events=(on_topic(Noted, name),), partitions=2)
    own_kafka.kill()
    with pytest.raises(KafkaStuck):
        await ensure_topics(kafka, topics=[topic], deadline=0.5)
    creating = [asyncio.create_task(ensure_topics(kafka, topics=[topic], deadline=60)) for _ in range(3)]
    await restarted(own_kafka)
    created = await asyncio.gather(*creating)
    assert sorted(map(len, created)) == [0, 0, 1]
    assert await ensure_topics(kafka.bootstrap, topics=[topic], partitions=5) == []
