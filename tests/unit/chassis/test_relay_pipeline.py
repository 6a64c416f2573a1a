"""When the relay reads, how long a parcel waits for its turn, what is deleted together. All else is on a broker."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka.errors import KafkaTimeoutError

from chassis.relay_pipeline import Pipeline, RelaySettings
from chassis.relay_producer import OutgoingRow, Parcel
from tests.support.eventually import eventually

ROW = OutgoingRow(7, "sample.note", b"key", "{}", b"value", 0)


class Lock:
    """What each read finds, one after the other; afterwards there is nothing."""

    def __init__(self, *found: list[OutgoingRow]) -> None:
        self.found = list(found)
        self.reads = 0

    async def rows(self, *_: object) -> list[OutgoingRow]:
        self.reads += 1
        return self.found.pop(0) if self.found else []

    def proof_older_than(self, _seconds: float) -> bool:
        return False


class Producer:
    """Its queue is full for so many attempts."""

    def __init__(self, full: int = 0) -> None:
        self.full = full

    async def packed(self, rows: list[OutgoingRow]) -> list[Parcel]:
        return [Parcel(row.topic, 0, built=None, ids=[row.id]) for row in rows]  # type: ignore[arg-type]

    async def send(self, _parcel: Parcel) -> asyncio.Future[None]:
        if self.full:
            self.full -= 1
            raise KafkaTimeoutError
        ack = asyncio.get_running_loop().create_future()
        ack.set_result(None)
        return ack


class Deleting:
    """Tells to stop once these are gone. `gate`: what the first deletion waits for."""

    def __init__(self, stop: asyncio.Event, last: int, gate: asyncio.Event | None = None) -> None:
        self.deletions: list[Sequence[int]] = []
        self._stop = stop
        self._last = last
        self._gate = gate

    async def execute(self, _query: str, ids: list[int]) -> None:
        self.deletions.append(ids)
        gate, self._gate = self._gate, None
        if gate is not None:
            await gate.wait()
        if self._last in ids:
            self._stop.set()


def row(number: int) -> OutgoingRow:
    return ROW._replace(id=number)


async def run(producer: Producer, **settings: Any) -> list[Sequence[int]]:
    stop = asyncio.Event()
    deleting = Deleting(stop, ROW.id)
    pipeline = Pipeline(Lock([ROW]), deleting, producer, RelaySettings(**settings))  # type: ignore[arg-type]
    await pipeline.run(stop, asyncio.Event())
    return deleting.deletions


async def test_a_full_queue_is_waited_for_as_long_as_acks_are() -> None:
    assert await run(Producer(full=3), ack_timeout=3600.0) == [[ROW.id]]


async def test_a_queue_that_stays_full_for_longer_ends_the_producer() -> None:
    with pytest.raises(KafkaTimeoutError):
        await run(Producer(full=3), ack_timeout=-1.0)


@pytest.fixture
def stop() -> asyncio.Event:
    return asyncio.Event()


async def test_what_was_read_to_its_end_is_not_read_again_before_there_is_news(stop: asyncio.Event) -> None:
    lock, woken = Lock([row(1)], [row(2)]), asyncio.Event()
    deleting = Deleting(stop, last=2)
    pipeline = Pipeline(lock, deleting, Producer(), RelaySettings(poll_interval=3600.0))  # type: ignore[arg-type]
    running = asyncio.create_task(pipeline.run(stop, woken))
    async with asyncio.timeout(60):
        await eventually(lambda: deleting.deletions == [[1]])
        for _ in range(100):
            await asyncio.sleep(0)
        assert lock.reads == 1
        woken.set()
        await running
    assert lock.reads == 2


async def test_what_came_behind_a_read_ahead_does_not_wait_for_the_poll(stop: asyncio.Event) -> None:
    woken = asyncio.Event()
    woken.set()
    lock = Lock([row(1)], [], [row(2)])  # the second read is made ahead, before row 2 is there and told of
    deleting = Deleting(stop, last=2)
    settings = RelaySettings(batch_size=1, poll_interval=3600.0)
    pipeline = Pipeline(lock, deleting, Producer(), settings)  # type: ignore[arg-type]
    async with asyncio.timeout(60):
        await pipeline.run(stop, woken)
    assert deleting.deletions == [[1], [2]]


async def test_what_is_acknowledged_during_a_deletion_goes_with_the_next_one(stop: asyncio.Event) -> None:
    first_ends = asyncio.Event()
    deleting = Deleting(stop, last=3, gate=first_ends)
    lock = Lock([row(1)], [row(2)], [row(3)])
    pipeline = Pipeline(lock, deleting, Producer(), RelaySettings(batch_size=1))  # type: ignore[arg-type]
    running = asyncio.create_task(pipeline.run(stop, asyncio.Event()))
    async with asyncio.timeout(60):
        await eventually(lambda: not lock.found and len(pipeline._acknowledged) == 2)
        first_ends.set()
        await running
    assert deleting.deletions == [[1], [2, 3]]
    assert pipeline.delivered == 3
