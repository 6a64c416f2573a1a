"""Real processes that are killed or stopped at the worst moment."""

import asyncio
import os
import signal
from collections.abc import Callable, Collection
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest

from chassis.consuming import Subscriptions
from chassis.db import Database
from chassis.kafka import KafkaConnection
from chassis.provision import ServiceDatabase
from chassis.relay import Relay, RelaySettings
from tests.chassis.messaging import sample
from tests.chassis.messaging.broker import PARTITIONS, Broker
from tests.chassis.messaging.outbox import Outbox, without_repetitions
from tests.chassis.messaging.process import started
from tests.chassis.messaging.sample import noted
from tests.chassis.messaging.workers import RunningWorker, all_applied, running_worker
from tests.support.eventually import eventually
from tests.support.pacing import at_rate

pytestmark = pytest.mark.crash

type Peer = Callable[[], AbstractAsyncContextManager[RunningWorker]]


@pytest.fixture
def consuming(
    sample_database: ServiceDatabase, kafka: KafkaConnection, broker: Broker, tmp_path: Path
) -> dict[str, Any]:
    """What a worker's process is told."""
    return {
        "url": sample_database.worker_url,
        "bootstrap": kafka.bootstrap,
        "topic": broker.topic,
        "group": broker.group,
        "crash_points": str(tmp_path),
    }


@pytest.fixture
def peer(database: Database, subscriptions: Subscriptions, kafka: KafkaConnection) -> Peer:
    """One more worker of the group, in this process."""
    return lambda: running_worker(database, subscriptions, kafka)


async def test_workers_killed_between_database_commit_and_offset_commit_repeat_no_effect(
    database: Database, consuming: dict[str, Any], peer: Peer, broker: Broker
) -> None:
    await broker.publish([noted(broker.noted) for _ in range(200)])
    for _ in range(2):
        with started("worker", **consuming, dies_before_offset_commit=True) as process:
            assert await asyncio.to_thread(process.wait, 60) == -signal.SIGKILL
    assert await sample.effects(database) > 0
    assert await broker.committed() == 0
    async with peer():
        await all_applied(database, 200)
    assert await broker.committed() == 200


async def test_one_of_two_workers_killed_at_500_events_a_second_loses_and_repeats_nothing(
    database: Database, consuming: dict[str, Any], peer: Peer, broker: Broker
) -> None:
    over, published = asyncio.Event(), 0

    async def publish() -> None:
        nonlocal published
        async for _ in at_rate(50, over):
            await broker.publish([noted(broker.noted) for _ in range(10)])
            published += 10

    with started("worker", **consuming) as process:
        await broker.publish([noted(broker.noted) for _ in range(100)])
        await all_applied(database, 100)
        async with peer() as survivor:
            await eventually(lambda: 0 < len(partitions_of(survivor)) < PARTITIONS, within=60)
            publishing = asyncio.create_task(publish())
            await eventually(lambda: some_more(database, 600), within=60)
            process.kill()
            await eventually(lambda: len(partitions_of(survivor)) == PARTITIONS, within=60)
            over.set()
            await publishing
            await all_applied(database, 100 + published)
    assert await broker.committed() == 100 + published
    assert await sample.dead_offsets(database) == []


def partitions_of(running: RunningWorker) -> Collection[object]:
    assigned: Collection[object] = running.worker._running_consumer().assignment()
    return assigned


async def some_more(database: Database, than: int) -> bool:
    return await sample.effects(database) > than


@pytest.mark.parametrize("boundary", ["before-consumer-commit", "after-consumer-commit", "before-offset-commit"])
async def test_a_stopped_worker_is_replaced_by_another_one_and_doubles_nothing_when_it_wakes(
    boundary: str, database: Database, consuming: dict[str, Any], peer: Peer, broker: Broker
) -> None:
    # A stopped transaction keeps its locks until the server ends it, for which services allow half a minute.
    with started("worker", **consuming, idle_in_transaction=1.0) as process:
        await broker.publish([noted(broker.noted) for _ in range(100)])
        await all_applied(database, 100)
        (Path(consuming["crash_points"]) / boundary).write_text("SIGSTOP")
        await broker.publish([noted(broker.noted) for _ in range(200)])
        await eventually(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED, within=60)
        async with peer():
            await all_applied(database, 300, within=60)
        os.kill(process.pid, signal.SIGCONT)
        await broker.publish([noted(broker.noted) for _ in range(100)])
        await all_applied(database, 400, within=60)
        await eventually(lambda: all_committed(broker, 400), within=60)
    assert await sample.dead_offsets(database) == []


async def all_committed(broker: Broker, count: int) -> bool:
    return await broker.committed() == count


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
