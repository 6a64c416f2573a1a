"""How long a parcel waits for its turn in a queue that stays full. All else of the relay is tested on a broker."""

import asyncio
from typing import Any

import pytest
from aiokafka.errors import KafkaTimeoutError

from chassis.relay_pipeline import Pipeline, RelaySettings
from chassis.relay_producer import OutgoingRow, Parcel

ROW = OutgoingRow(7, "sample.note", b"key", "{}", b"value", 0)


class Lock:
    def __init__(self) -> None:
        self.unsent = [ROW]

    async def rows(self, *_: object) -> list[OutgoingRow]:
        rows, self.unsent = self.unsent, []
        return rows

    def proof_older_than(self, _seconds: float) -> bool:
        return False


class Producer:
    """Its queue is full for so many attempts."""

    def __init__(self, full: int) -> None:
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
    def __init__(self, stop: asyncio.Event) -> None:
        self.deleted: list[int] = []
        self._stop = stop

    async def execute(self, _query: str, ids: list[int]) -> None:
        self.deleted += ids
        self._stop.set()


async def run(producer: Producer, **settings: Any) -> list[int]:
    stop = asyncio.Event()
    deleting = Deleting(stop)
    pipeline = Pipeline(Lock(), deleting, producer, RelaySettings(**settings))  # type: ignore[arg-type]
    await pipeline.run(stop, asyncio.Event())
    return deleting.deleted


async def test_a_full_queue_is_waited_for_as_long_as_acks_are() -> None:
    assert await run(Producer(full=3), ack_timeout=3600.0) == [ROW.id]


async def test_a_queue_that_stays_full_for_longer_ends_the_producer() -> None:
    with pytest.raises(KafkaTimeoutError):
        await run(Producer(full=3), ack_timeout=-1.0)
