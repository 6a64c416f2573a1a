"""Fetches that fail: what aiokafka had drained, and what it cannot read, comes all the same."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.errors import KafkaError

from chassis.consuming import Subscriptions
from chassis.consuming.dead_letters import list_dead_letters
from chassis.consuming.fetched import FetchedBatch
from chassis.consuming.worker import Worker
from chassis.db import Database
from chassis.kafka import KafkaConnection
from tests.chassis.messaging import sample
from tests.chassis.messaging.broker import PARTITIONS, Broker
from tests.chassis.messaging.raw_batches import NOT_UTF8, write_with_broken_header_name
from tests.chassis.messaging.sample import noted
from tests.chassis.messaging.workers import SETTINGS, all_applied, all_dead, good, running_worker


async def test_a_header_name_that_is_not_utf8_costs_no_neighbour(
    database: Database, subscriptions: Subscriptions, kafka: KafkaConnection, broker: Broker
) -> None:
    for partition in range(PARTITIONS):
        await broker.write(good(broker, 200), partition)
        await write_with_broken_header_name(kafka, good(broker, 50), {0, 20, 21, 49}, partition)
        await broker.write(good(broker, 200), partition)
    async with running_worker(database, subscriptions, kafka):
        await all_applied(database, PARTITIONS * (400 + 50 - 4))
        await all_dead(database, PARTITIONS * 4)
        await broker.write(good(broker, 10))
        await all_applied(database, PARTITIONS * (400 + 50 - 4) + 10)
    async with database.transaction() as tx:
        letters = await list_dead_letters(tx)
    assert {letter.record.headers[-1] for letter in letters} == {(NOT_UTF8, b"value")}
    assert {letter.record.offset for letter in letters} == {200, 220, 221, 249}
    assert await broker.committed() == PARTITIONS * 450 + 10


@pytest.mark.parametrize("error", [KafkaError, ValueError], ids=["a Kafka error", "an undecodable record"])
async def test_what_a_failed_fetch_had_drained_is_fetched_again(
    database: Database,
    subscriptions: Subscriptions,
    broker: Broker,
    monkeypatch: pytest.MonkeyPatch,
    error: type[Exception],
) -> None:
    fetch: Any = Fetcher.fetched_records
    failures = 0

    async def drain_and_fail_at_first(*args: Any, **options: Any) -> Any:
        nonlocal failures
        fetched = await fetch(*args, **options)
        if fetched and failures < 3:
            failures += 1
            raise error
        return fetched

    monkeypatch.setattr(Fetcher, "fetched_records", drain_and_fail_at_first)
    await broker.publish([noted(broker.noted) for _ in range(300)])
    async with running_worker(database, subscriptions, broker.kafka, replace(SETTINGS, batch_size=50)):
        await all_applied(database, 300)
    assert failures == 3
    assert await sample.dead_offsets(database) == []


async def test_a_batch_has_a_share_of_every_partition_however_long_the_others_backlogs_are(
    database: Database, subscriptions: Subscriptions, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares: list[dict[int, int]] = []

    async def noted_down(self: Worker, batch: FetchedBatch) -> None:
        shares.append(Counter(record.partition for record in batch.records))
        await handle(self, batch)

    handle = Worker._handle
    monkeypatch.setattr(Worker, "_handle", noted_down)
    for partition in range(PARTITIONS):
        await broker.write(good(broker, 400), partition)
    async with running_worker(database, subscriptions, broker.kafka, replace(SETTINGS, batch_size=60)):
        await all_applied(database, PARTITIONS * 400)
    assert any(len(share) == PARTITIONS and max(share.values()) < 60 for share in shares), shares
    half = shares[: len(shares) // 2]
    assert min(sum(share.get(partition, 0) for share in half) for partition in range(PARTITIONS)) > 0, shares
    assert sum(sum(share.values()) for share in shares) == PARTITIONS * 400


async def test_more_partitions_than_records_are_asked_for_have_their_turns(
    database: Database, subscriptions: Subscriptions, broker: Broker
) -> None:
    for partition in range(PARTITIONS):
        await broker.write(good(broker, 20), partition)
    async with running_worker(database, subscriptions, broker.kafka, replace(SETTINGS, batch_size=1)):
        await all_applied(database, PARTITIONS * 20)
    assert await broker.committed() == PARTITIONS * 20
