"""The worker on a real database and broker."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from chassis.consuming import RawRecord, Received, Subscriptions, raw_record
from chassis.consuming.dead_letters import list_dead_letters
from chassis.consuming.offsets import Offsets
from chassis.db import Database, Transaction
from chassis.failures import DatabaseAway
from chassis.kafka import KafkaConnection
from tests.chassis.messaging import sample
from tests.chassis.messaging.bad_records import BAD
from tests.chassis.messaging.broker import PARTITIONS, Broker
from tests.chassis.messaging.sample import Noted, noted
from tests.chassis.messaging.workers import IMPATIENT, SETTINGS, all_applied, all_dead, good, running_worker
from tests.support.eventually import eventually


async def test_records_of_all_partitions_apply_and_their_offsets_are_committed(
    database: Database, subscriptions: Subscriptions, kafka: KafkaConnection, broker: Broker
) -> None:
    await broker.publish([noted(broker.noted) for _ in range(500)])
    async with running_worker(database, subscriptions, kafka):
        await broker.publish([noted(broker.noted) for _ in range(500)])
        await all_applied(database, 1000)
    assert await broker.committed() == 1000


async def test_a_large_backlog_is_applied_in_two_transactions_at_once(
    database: Database, kafka: KafkaConnection, broker: Broker
) -> None:
    subscriptions = Subscriptions("sample")
    under_way: list[int] = [0]

    @subscriptions.state(broker.noted)
    async def keep(tx: Transaction, batch: Sequence[Received[Noted]]) -> None:
        under_way.append(under_way[-1] + 1)
        await sample.keep_note(tx, batch)
        under_way.append(under_way[-1] - 1)

    await broker.publish([noted(broker.noted) for _ in range(1000)])
    async with running_worker(database, subscriptions, kafka):

        async def all_kept() -> None:
            assert len(await sample.notes(database)) == 1000

        await eventually(all_kept, within=60)
    assert max(under_way) == 2


async def test_no_step_between_fetching_and_applying_goes_through_a_thread(
    database: Database,
    subscriptions: Subscriptions,
    kafka: KafkaConnection,
    broker: Broker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def refuse(*_: object) -> None:
        raise AssertionError("a hop there and back costs more than the step")

    monkeypatch.setattr("anyio.to_thread.run_sync", refuse)
    await broker.publish([noted(broker.noted) for _ in range(10)])
    async with running_worker(database, subscriptions, kafka):
        await all_applied(database, 10)


async def test_bad_records_of_every_kind_are_kept_apart_and_hold_nobody_up(
    database: Database, subscriptions: Subscriptions, kafka: KafkaConnection, broker: Broker
) -> None:
    records: list[RawRecord] = []
    for spoil in BAD.values():
        records += [spoil(raw_record(noted(broker.noted))), *good(broker, 30)]
    written = await broker.write(records)
    async with running_worker(database, subscriptions, kafka):
        await all_applied(database, 30 * len(BAD))
        await all_dead(database, len(BAD))
    async with database.transaction() as tx:
        letters = await list_dead_letters(tx)
    bad = {(record.partition, record.offset): record for record in written[::31]}
    assert {(letter.record.partition, letter.record.offset) for letter in letters} == set(bad)
    for letter in letters:
        original = bad[letter.record.partition, letter.record.offset]
        assert (letter.record.key, letter.record.value) == (original.key, original.value)
        assert list(letter.record.headers) == list(original.headers)


async def test_a_transient_failure_is_tried_again_in_place_and_nothing_is_given_up(
    database: Database, subscriptions: Subscriptions, kafka: KafkaConnection, broker: Broker
) -> None:
    attempts = 0

    @subscriptions.effect(broker.noted)
    async def lose_the_connection_now_and_then(tx: Transaction, _batch: Sequence[Received[Noted]]) -> None:
        nonlocal attempts
        attempts += 1
        if attempts % 3:
            await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    await broker.publish([noted(broker.noted) for _ in range(300)])
    async with running_worker(database, subscriptions, kafka, replace(SETTINGS, batch_size=50)):
        await all_applied(database, 300)
    assert attempts > 3
    assert await sample.dead_offsets(database) == []
    assert await broker.committed() == 300


async def test_a_worker_out_of_patience_ends_and_the_next_one_loses_nothing(
    database: Database, subscriptions: Subscriptions, kafka: KafkaConnection, broker: Broker
) -> None:
    broken = sample.subscriptions(broker.group, broker.noted, broker.moved)

    @broken.effect(broker.noted)
    async def lose_the_connection(tx: Transaction, _batch: Sequence[Received[Noted]]) -> None:
        await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    await broker.publish([noted(broker.noted) for _ in range(300)])
    async with running_worker(database, broken, kafka, replace(IMPATIENT, batch_size=20)) as failing:
        with pytest.raises(DatabaseAway):
            await asyncio.wait_for(asyncio.shield(failing.task), 60)
    assert await broker.committed() == 0
    async with running_worker(database, subscriptions, kafka):
        await all_applied(database, 300)
    assert await sample.dead_offsets(database) == []


async def test_a_crash_between_database_commit_and_offset_commit_repeats_no_effect(
    database: Database,
    subscriptions: Subscriptions,
    kafka: KafkaConnection,
    broker: Broker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await broker.publish([noted(broker.noted) for _ in range(300)])

    async def crash_instead(*_: object) -> bool:
        return True

    with monkeypatch.context() as patched:
        patched.setattr(Offsets, "commit", crash_instead)
        async with running_worker(database, subscriptions, kafka):
            await all_applied(database, 300)
    assert await broker.committed() == 0
    async with running_worker(database, subscriptions, kafka):
        await eventually_committed(broker, 300)
    assert await sample.effects(database) == 300


async def eventually_committed(broker: Broker, count: int) -> None:
    async def check() -> None:
        assert await broker.committed() == count

    await eventually(check, within=60, every=0.2)


async def test_a_worker_that_is_told_to_stop_finishes_its_batch_and_commits(
    database: Database, subscriptions: Subscriptions, kafka: KafkaConnection, broker: Broker
) -> None:
    started, finish = asyncio.Event(), asyncio.Event()

    @subscriptions.effect(broker.noted)
    async def take_a_while(_tx: Transaction, _batch: Sequence[Received[Noted]]) -> None:
        started.set()
        await finish.wait()

    await broker.write(good(broker, 100), partition=0)
    async with running_worker(database, subscriptions, kafka) as running:
        await started.wait()
        stopping = asyncio.create_task(running.stop())
        await asyncio.sleep(0)
        finish.set()
        await stopping
    applied = await sample.effects(database)
    assert applied > 0
    assert await broker.committed() == applied


async def test_workers_that_come_and_go_share_the_records_and_repeat_nothing(
    database: Database, subscriptions: Subscriptions, kafka: KafkaConnection, broker: Broker
) -> None:
    async def keep_publishing() -> None:
        for _ in range(30):
            await broker.publish([noted(broker.noted) for _ in range(50)])

    async with running_worker(database, subscriptions, kafka, replace(SETTINGS, batch_size=20)) as first:
        publishing = asyncio.create_task(keep_publishing())
        async with running_worker(database, subscriptions, kafka, replace(SETTINGS, batch_size=20)):
            await first.joined()
            async with running_worker(database, subscriptions, kafka, replace(SETTINGS, batch_size=20)):
                await first.stop()
            await publishing
            await all_applied(database, 1500)
    assert await sample.dead_offsets(database) == []
    assert await broker.committed() == 1500


async def test_a_handler_slower_than_the_poll_interval_loses_its_partitions_but_no_record(
    database: Database, subscriptions: Subscriptions, kafka: KafkaConnection, broker: Broker
) -> None:
    slow = sample.subscriptions(broker.group, broker.noted, broker.moved)
    entered, wake_up = asyncio.Event(), asyncio.Event()

    @slow.effect(broker.noted)
    async def sleep_until_woken(_tx: Transaction, _batch: Sequence[Received[Noted]]) -> None:
        entered.set()
        await wake_up.wait()

    async with running_worker(database, slow, kafka, replace(SETTINGS, max_poll_interval=1.0)):
        await broker.publish([noted(broker.noted) for _ in range(100)])
        await entered.wait()
        async with running_worker(database, subscriptions, kafka) as other:
            await all_left_to(other.worker, broker)
            wake_up.set()
            await all_applied(database, 100)
            await broker.publish([noted(broker.noted) for _ in range(100)])
            await all_applied(database, 200)
    assert await sample.dead_offsets(database) == []


async def all_left_to(worker: object, broker: Broker) -> None:
    def check() -> bool:
        return len(worker._running_consumer().assignment()) == PARTITIONS  # type: ignore[attr-defined]

    assert broker.topic
    await eventually(check, within=60)


async def test_a_worker_waits_for_a_topic_that_is_not_there_yet(database: Database, kafka: KafkaConnection) -> None:
    async with Broker.open(kafka) as broker:
        later = f"{broker.topic}.later"
        event_class = sample.on_topic(Noted, later)
        subscriptions = sample.subscriptions(broker.group, event_class, sample.on_topic(sample.Moved, later))
        starting = asyncio.create_task(_consume_one(database, subscriptions, kafka))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(starting), 1)
        await broker.create(later)
        await broker.publish([noted(event_class, note_id=uuid4())])
        await asyncio.wait_for(starting, 60)


async def _consume_one(database: Database, subscriptions: Subscriptions, kafka: KafkaConnection) -> None:
    async with running_worker(database, subscriptions, kafka):
        await all_applied(database, 1)


async def test_a_member_with_a_static_id_keeps_its_partitions_over_a_restart(
    database: Database, subscriptions: Subscriptions, kafka: KafkaConnection, broker: Broker
) -> None:
    static = replace(SETTINGS, instance_id="worker-0")
    for round_number in (1, 2):
        async with running_worker(database, subscriptions, kafka, static):
            await broker.publish([noted(broker.noted) for _ in range(50)])
            await all_applied(database, 50 * round_number)


async def test_partitions_that_move_are_handed_over_at_their_last_applied_offset(
    database: Database,
    subscriptions: Subscriptions,
    kafka: KafkaConnection,
    broker: Broker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def commit_at_no_other_time(_offsets: Offsets, _consumer: object, stop: asyncio.Event) -> None:
        await stop.wait()

    monkeypatch.setattr(Offsets, "keep_committing", commit_at_no_other_time)
    before = duplicates()
    async with running_worker(database, subscriptions, kafka) as first:
        await broker.publish([noted(broker.noted) for _ in range(100)])
        await all_applied(database, 100)
        async with running_worker(database, subscriptions, kafka):
            await broker.publish([noted(broker.noted) for _ in range(100)])
            await all_applied(database, 200)
            await first.stop()
            await broker.publish([noted(broker.noted) for _ in range(100)])
            await all_applied(database, 300)
    assert duplicates() == before
    assert await broker.committed() == 300


def duplicates() -> float:
    return REGISTRY.get_sample_value("carpass_consumed_records_total", {"outcome": "duplicate"}) or 0.0
