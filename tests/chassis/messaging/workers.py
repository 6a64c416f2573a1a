"""Running workers in tests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from chassis.consuming import RawRecord, Subscriptions, raw_record
from chassis.consuming.worker import Worker, WorkerSettings
from chassis.db import Database
from chassis.kafka import KafkaConnection
from tests.chassis.messaging import sample
from tests.chassis.messaging.broker import Broker
from tests.chassis.messaging.sample import noted
from tests.support.eventually import eventually

SETTINGS = WorkerSettings(session_timeout=3.0, first_backoff=0.02, max_backoff=0.2, patience=30.0, finish_batch=4.0)
IMPATIENT = replace(SETTINGS, patience=0.5)


class RunningWorker:
    def __init__(self, worker: Worker, stop: asyncio.Event, task: asyncio.Task[None]) -> None:
        self.worker = worker
        self.task = task
        self._stop = stop

    async def stop(self) -> None:
        self._stop.set()
        await asyncio.wait_for(self.task, 60)

    async def joined(self) -> None:
        def check() -> bool:
            if self.task.done():
                self.task.result()
            return self.worker.joined

        await eventually(check, within=60)


@asynccontextmanager
async def running_worker(
    database: Database,
    subscriptions: Subscriptions,
    kafka: KafkaConnection,
    settings: WorkerSettings = SETTINGS,
) -> AsyncIterator[RunningWorker]:
    """Joined when the block begins, stopped after it."""
    worker, stop = Worker(database, subscriptions, kafka, settings), asyncio.Event()
    running = RunningWorker(worker, stop, asyncio.create_task(worker.run(stop)))
    try:
        await running.joined()
        yield running
    finally:
        if not running.task.done():
            await running.stop()


async def all_applied(database: Database, effects: int, *, within: float = 30) -> None:
    async def check() -> None:
        assert await sample.effects(database) == effects

    await eventually(check, within=within)


async def all_dead(database: Database, count: int) -> None:
    async def check() -> None:
        assert len(await sample.dead_offsets(database)) == count

    await eventually(check, within=60)


def good(broker: Broker, count: int) -> list[RawRecord]:
    return [raw_record(noted(broker.noted)) for _ in range(count)]
