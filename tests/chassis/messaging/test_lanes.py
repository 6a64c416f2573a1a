"""A large batch is applied in two transactions at once, as by two workers."""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from chassis.consuming import RawRecord, Received, Subscriptions, raw_record
from chassis.consuming.lanes import WORTHWHILE, apply_in_lanes, lanes
from chassis.db import Database, Transaction
from chassis.failures import DatabaseAway
from tests.chassis.messaging import sample
from tests.chassis.messaging.sample import Noted, noted

PARTITIONS = 4


def many(count: int = WORTHWHILE) -> list[RawRecord]:
    return [raw_record(noted(), offset=number, partition=number % PARTITIONS) for number in range(count)]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 11)), max_size=3 * WORTHWHILE))
def test_every_record_is_in_one_lane_in_its_order_and_a_partition_number_as_well(places: list[tuple[str, int]]) -> None:
    records = [RawRecord(topic, partition, offset, None, None) for offset, (topic, partition) in enumerate(places)]
    cut = lanes(records)
    assert sorted((record for lane in cut for record in lane), key=lambda record: record.offset) == records
    assert all(lane == sorted(lane, key=lambda record: record.offset) for lane in cut)
    held = [{record.partition for record in lane} for lane in cut]
    assert sum(map(len, held)) == len(set().union(*held))


def test_lanes_are_about_as_long_as_each_other() -> None:
    assert [len(lane) for lane in lanes(many(500))] == [250, 250]
    skewed = [record._replace(partition=record.partition if record.offset < 60 else 0) for record in many(120)]
    assert [len(lane) for lane in lanes(skewed)] == [75, 45]


def test_few_records_and_those_of_one_partition_are_not_cut() -> None:
    assert len(lanes(many(WORTHWHILE - 1))) == 1
    assert len(lanes([record._replace(partition=3) for record in many()])) == 1
    assert lanes([]) == [[]]


async def test_both_lanes_are_in_their_transactions_at_once(database: Database) -> None:
    subscriptions, both = Subscriptions("sample"), asyncio.Barrier(2)

    @subscriptions.state(Noted)
    async def meet(tx: Transaction, batch: Sequence[Received[Noted]]) -> None:
        await sample.keep_note(tx, batch)
        async with asyncio.timeout(60):
            await both.wait()

    records = many()
    await apply_in_lanes(database, subscriptions, records)
    assert len(await sample.notes(database)) == len(records)


async def test_when_one_lane_fails_the_other_ends_first_and_a_repetition_completes_it(database: Database) -> None:
    subscriptions = sample.subscriptions()
    failed = asyncio.Event()

    @subscriptions.state(Noted)
    async def lose_the_connection_once(tx: Transaction, batch: Sequence[Received[Noted]]) -> None:
        if batch[0].partition in held and not failed.is_set():
            failed.set()
            await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        await failed.wait()

    subscriptions.registrations.reverse()  # before anything is written: the other lane need not wait for a row
    records = many()
    failing, other = lanes(records)
    held = {record.partition for record in failing}
    with pytest.raises(DatabaseAway):
        await apply_in_lanes(database, subscriptions, records)
    assert len(await sample.notes(database)) == await sample.effects(database) == len(other)
    await apply_in_lanes(database, subscriptions, records)
    assert len(await sample.notes(database)) == await sample.effects(database) == len(records)


async def test_bad_records_of_both_lanes_are_kept_apart_and_the_others_apply(database: Database) -> None:
    bad = {4, 9, 50, 99}  # of three partitions
    records = many()
    for offset in bad:
        records[offset] = raw_record(noted(text=sample.POISON), offset=offset, partition=records[offset].partition)
    await apply_in_lanes(database, sample.subscriptions(), records)
    assert await sample.dead_offsets(database) == sorted(bad)
    assert await sample.effects(database) == len(records) - len(bad)


async def test_an_event_in_both_lanes_has_one_effect(database: Database) -> None:
    event_id, note = uuid4(), noted()
    twice = [raw_record(note, id=event_id, partition=partition, offset=500) for partition in range(PARTITIONS)]
    await apply_in_lanes(database, sample.subscriptions(), many() + twice)
    assert await sample.effects(database) == WORTHWHILE + 1
