"""How often offsets are committed. That they are committed, and where, is tested on a broker."""

import asyncio
from typing import Any

import pytest
from aiokafka import TopicPartition

from chassis.consuming import offsets as module
from chassis.consuming.offsets import Offsets

PLACE = TopicPartition("sample.note", 0)


class Consumer:
    def __init__(self) -> None:
        self.committed: list[int] = []

    def assignment(self) -> set[TopicPartition]:
        return {PLACE}

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.committed.append(offsets[PLACE])


async def test_batches_between_two_commits_share_one(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: asyncio.Queue[asyncio.Event] = asyncio.Queue()

    async def pause(_stop: asyncio.Event, _seconds: float) -> bool:
        over = asyncio.Event()
        pauses.put_nowait(over)
        return await over.wait()

    monkeypatch.setattr(module, "elapsed", pause)
    applied, consumer, stop = Offsets(), Consumer(), asyncio.Event()
    keeping: asyncio.Task[Any] = asyncio.create_task(applied.keep_committing(consumer, stop))  # type: ignore[arg-type]
    async with asyncio.timeout(60):
        applied.applied(PLACE, 1)
        first = await pauses.get()
        for offset in range(2, 40):
            applied.applied(PLACE, offset)
            await asyncio.sleep(0)
        assert consumer.committed == [1]
        first.set()
        (await pauses.get()).set()
        assert consumer.committed == [1, 39]
        stop.set()
        await keeping
