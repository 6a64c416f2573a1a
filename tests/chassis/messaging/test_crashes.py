"""Real processes that are killed or stopped at the worst moment."""

import asyncio
import os
import signal
from uuid import uuid4

import pytest

from chassis.consuming import Subscriptions
from chassis.db import Database
from chassis.kafka import KafkaConnection
from chassis.provision import ServiceDatabase
from chassis.relay import Relay, RelaySettings
from tests.chassis.messaging import sample
from tests.chassis.messaging.broker import Broker
from tests.chassis.messaging.outbox import Outbox, without_repetitions
from tests.chassis.messaging.process import started
from tests.chassis.messaging.sample import noted
from tests.chassis.messaging.workers import all_applied, running_worker
from tests.support.eventually import eventually

pytestmark = pytest.mark.crash


async def test_workers_killed_between_database_commit_and_offset_commit_repeat_no_effect(
    database: Database,
    sample_database: ServiceDatabase,
    subscriptions: Subscriptions,
    kafka: KafkaConnection,
    broker: Broker,
) -> None:
    await broker.publish([noted(broker.noted) for _ in range(200)])
    for _ in range(2):
        with started(
            "worker",
            url=sample_database.worker_url,
            bootstrap=kafka.bootstrap,
            topic=broker.topic,
            group=broker.group,
            dies_before_offset_commit=True,
        ) as process:
            assert await asyncio.to_thread(process.wait, 60) == -signal.SIGKILL
    assert await sample.effects(database) > 0
    assert await broker.committed() == 0
    async with running_worker(database, subscriptions, kafka):
        await all_applied(database, 200)
    assert await broker.committed() == 200


async def test_a_worker_killed_under_load_loses_and_repeats_nothing(
    database: Database,
    sample_database: ServiceDatabase,
    subscriptions: Subscriptions,
    kafka: KafkaConnection,
    broker: Broker,
) -> None:
    with started(
        "worker",
        url=sample_database.worker_url,
        bootstrap=kafka.bootstrap,
        topic=broker.topic,
        group=broker.group,
    ) as process:
        await broker.publish([noted(broker.noted) for _ in range(100)])
        await all_applied(database, 100)
        async with running_worker(database, subscriptions, kafka):
            await broker.publish([noted(broker.noted) for _ in range(1500)])
            await eventually(lambda: some_more(database, 300), within=30)
            process.kill()
            await all_applied(database, 1600)
    assert await broker.committed() == 1600


async def some_more(database: Database, than: int) -> bool:
    return await sample.effects(database) > than


async def test_a_stopped_relay_loses_its_lock_and_sends_nothing_when_it_wakes(
    outbox: Outbox, sample_database: ServiceDatabase, kafka: KafkaConnection
) -> None:
    note_id = uuid4()
    with started("relay", url=sample_database.worker_url, bootstrap=kafka.bootstrap, lock_silence=1.0) as process:
        await outbox.write(note_id, range(1, 101))
        await outbox.drained()
        os.kill(process.pid, signal.SIGSTOP)
        await outbox.write(note_id, range(101, 1001))
        stop = asyncio.Event()
        second = Relay(sample_database.worker_url, kafka, RelaySettings(poll_interval=0.1))
        task = asyncio.create_task(second.run(stop))
        await outbox.drained()
        os.kill(process.pid, signal.SIGCONT)
        await outbox.write(note_id, range(1001, 1101))
        assert await asyncio.to_thread(process.wait, 30) == 1
        await outbox.drained()
        stop.set()
        await task
    assert await outbox.sent_of(note_id) == list(range(1, 1101))


async def test_a_relay_killed_under_load_loses_nothing_and_keeps_the_order(
    outbox: Outbox, sample_database: ServiceDatabase, kafka: KafkaConnection
) -> None:
    note_id = uuid4()
    arguments = {"url": sample_database.worker_url, "bootstrap": kafka.bootstrap, "lock_silence": 5.0}
    with started("relay", **arguments) as process:
        await outbox.write(note_id, range(1, 101))
        await outbox.drained()
        await outbox.write(note_id, range(101, 2001))
        process.kill()
        process.wait()
        with started("relay", **arguments):
            await outbox.drained()
    assert without_repetitions(await outbox.sent_of(note_id)) == list(range(1, 2001))
