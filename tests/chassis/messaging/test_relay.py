"""The relay on a real database and broker, as long as both answer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.db import Database
from chassis.kafka import KafkaConnection
from chassis.provision import ServiceDatabase
from chassis.relay import Relay, RelaySettings
from chassis.relay_lock import RelayLock, RelayLockLost
from chassis.relay_pipeline import READ_UNSENT
from chassis.wake import RelayWake
from tests.chassis.messaging.broker import Broker
from tests.chassis.messaging.outbox import Outbox
from tests.chassis.messaging.sample import noted
from tests.support.eventually import eventually

SETTINGS = RelaySettings(batch_size=50, poll_interval=0.2, ack_timeout=5.0, finish=5.0)

type NewRelay = Callable[[], Relay]


@pytest.fixture
def new_relay(sample_database: ServiceDatabase, kafka: KafkaConnection) -> NewRelay:
    return lambda: Relay(sample_database.worker_url, kafka, SETTINGS)


@asynccontextmanager
async def running(*relays: Relay) -> AsyncIterator[None]:
    """They run in the block, and end in order after it."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(relay.run(stop)) for relay in relays]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def test_every_event_is_sent_once_in_the_order_of_its_key_and_then_deleted(
    outbox: Outbox, new_relay: NewRelay
) -> None:
    notes = [uuid4() for _ in range(8)]

    async def write(note_id: UUID) -> None:
        for start in range(1, 101, 10):
            await outbox.write(note_id, range(start, start + 10))

    async with running(new_relay()):
        await asyncio.gather(*(write(note_id) for note_id in notes))
        await outbox.drained()
    assert await outbox.sent() == {str(note_id): list(range(1, 101)) for note_id in notes}


async def test_ids_that_commit_out_of_order_lose_nothing(
    api_database: Database, broker: Broker, outbox: Outbox, new_relay: NewRelay
) -> None:
    late, early = uuid4(), uuid4()
    async with running(new_relay()):
        async with api_database.transaction() as tx:
            tx.record(noted(broker.noted, note_id=late))
            await tx.flush_events()  # takes the lower id, and commits last
            await outbox.write(early, range(1, 201))
            await outbox.drained()
        await outbox.drained()
    assert {key: len(found) for key, found in (await outbox.sent()).items()} == {str(late): 1, str(early): 200}


async def test_headers_and_tombstones_arrive_as_they_were_recorded(
    api_database: Database, broker: Broker, outbox: Outbox, new_relay: NewRelay
) -> None:
    event = noted(broker.noted, text="тест")
    async with api_database.transaction() as tx:
        event_id = tx.record(event)
        tx.record_tombstone(broker.topic, str(event.note_id))
    async with running(new_relay()):
        await outbox.drained()
    sent, tombstone = await broker.records()
    assert dict(sent.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": str(event_id).encode(),
        "ce_source": b"/carpass/sample",
        "ce_type": b"sample.note.noted.v1",
        "ce_subject": str(event.note_id).encode(),
        "ce_time": event.occurred_at.isoformat().encode(),
        "content-type": b"application/json",
    }
    assert broker.noted.model_validate_json(sent.value or b"") == event
    assert (tombstone.key, tombstone.value) == (str(event.note_id).encode(), None)


async def test_events_that_fill_more_than_one_batch_of_kafka_keep_their_order(
    api_database: Database, broker: Broker, outbox: Outbox, new_relay: NewRelay
) -> None:
    notes = [uuid4() for _ in range(6)]  # on three partitions
    async with api_database.transaction() as tx:
        for sequence in range(1, 9):
            for note_id in notes:
                text = "x" * (300_000 if sequence == 4 else 100_000)  # a batch takes 256 KB, or one record
                tx.record(noted(broker.noted, note_id=note_id, sequence=sequence, text=text))
    async with running(new_relay()):
        await outbox.drained()
    assert await outbox.sent() == {str(note_id): list(range(1, 9)) for note_id in notes}


async def test_an_event_goes_to_the_partition_that_every_kafka_client_finds_by_its_key(
    broker: Broker, outbox: Outbox, new_relay: NewRelay
) -> None:
    notes = [uuid4() for _ in range(30)]
    placed = await broker.publish([noted(broker.noted, note_id=note_id) for note_id in notes])
    for note_id in notes:
        await outbox.write(note_id, range(2, 3))
    async with running(new_relay()):
        await outbox.drained()
    found = {(record.key, record.partition) for record in await broker.records(2 * len(notes))}
    assert found == {(record.key, record.partition) for record in placed}
    assert len({partition for _, partition in found}) > 1


async def test_a_second_relay_stands_by_and_takes_over(outbox: Outbox, new_relay: NewRelay) -> None:
    first, second, note_id = new_relay(), new_relay(), uuid4()
    end_first = asyncio.Event()
    task = asyncio.create_task(first.run(end_first))
    await eventually(lambda: first.active)
    async with running(second):
        await outbox.write(note_id, range(1, 201))
        await outbox.drained()
        assert not second.active
        await outbox.write(note_id, range(201, 401))
        end_first.set()
        await task
        await eventually(lambda: second.active)
        await outbox.write(note_id, range(401, 601))
        await outbox.drained()
    assert await outbox.sent() == {str(note_id): list(range(1, 601))}


async def test_a_relay_that_lost_its_lock_session_ends(
    new_relay: NewRelay, postgres_admin_url: str, sample_database: ServiceDatabase
) -> None:
    relay = new_relay()
    task = asyncio.create_task(relay.run(asyncio.Event()))
    await eventually(lambda: relay.active)
    admin = await asyncpg.connect(postgres_admin_url)
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid) "
        "WHERE locktype = 'advisory' AND datname = $1",
        sample_database.name,
    )
    await admin.close()
    with pytest.raises(RelayLockLost):
        await asyncio.wait_for(task, 60)
    assert not relay.active


async def test_a_commit_wakes_the_relay_before_its_next_poll(
    sample_database: ServiceDatabase, kafka: KafkaConnection, broker: Broker, outbox: Outbox
) -> None:
    sleepy = Relay(sample_database.worker_url, kafka, RelaySettings(poll_interval=3600.0))
    async with running(sleepy):
        await eventually(lambda: sleepy.active)
        for number in range(1, 4):
            await outbox.write(uuid4(), range(number, number + 1))
            await outbox.drained()
    assert len(await broker.records()) == 3


async def test_a_commit_of_the_same_process_wakes_the_relay_directly(
    sample_database: ServiceDatabase, kafka: KafkaConnection, outbox: Outbox
) -> None:
    wake = RelayWake("postgresql://nobody@127.0.0.1:1/nowhere")
    own = Database(sample_database.api_url, pool_size=1, application_name="all", wake=wake)
    sleepy = Relay(sample_database.worker_url, kafka, RelaySettings(poll_interval=3600.0), wake=wake)
    async with running(sleepy):
        await eventually(lambda: sleepy.active)
        await outbox.write(uuid4(), range(1, 2), through=own)
        await outbox.drained()
    await own.dispose()


async def test_a_poll_finds_what_no_notification_told(
    outbox: Outbox, new_relay: NewRelay, sample_database: ServiceDatabase
) -> None:
    deaf = Database(
        sample_database.api_url,
        pool_size=1,
        application_name="deaf",
        wake=RelayWake("postgresql://nobody@127.0.0.1:1/nowhere"),
    )
    relay = new_relay()
    async with running(relay):
        await eventually(lambda: relay.active)
        await outbox.write(uuid4(), range(1, 2), through=deaf)
        await outbox.drained()
    await deaf.dispose()


async def test_the_outbox_is_read_by_its_key_however_stale_its_statistics_are(
    outbox: Outbox, sample_database: ServiceDatabase
) -> None:
    await outbox.write(uuid4(), range(1, 2001))
    lock = await RelayLock.connect(sample_database.worker_url, application_name="test", silence=60)
    plan = [row[0] for row in await lock.rows(f"EXPLAIN {READ_UNSENT}", list(range(1000)), 500)]
    await lock.close()
    assert any("Index Scan using outbox_pkey" in line for line in plan)
    assert any("hashed SubPlan" in line for line in plan)
    assert not any("Sort" in line for line in plan)
