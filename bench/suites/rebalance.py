"""One of two consumers is killed under load: how long its partitions wait, and whether anything is lost or doubled."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final
from uuid import UUID

from bench.harness.context import Context
from bench.harness.kafka import raw_producer
from bench.harness.open_loop import open_loop
from bench.harness.owners import Owners, Target
from bench.harness.processes import Child, cpu_seconds
from bench.harness.suite import Limit, Measured
from bench.harness.workload import Completion, completions
from chassis.consuming.worker import WorkerSettings

_RATE: Final = 500
_BEFORE_KILL: Final = 3.0
_SESSION_TIMEOUT: Final = WorkerSettings().session_timeout
_QUICK_SESSION_TIMEOUT: Final = 2.0
_AFTER_TIMEOUT: Final = 5.0
_LAST_COMMIT: Final = 0.5  # what the dead one had sent to PostgreSQL may still be committed
_COMMITTED: Final = """
    SELECT work_order_id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM service_entry
"""


class Benchmark:
    """Seconds from the kill until the last of the dead consumer's partitions goes on; nothing lost, nothing doubled."""

    name = "rebalance"
    title = f"one of two consumers killed at {_RATE} events/s: seconds until all partitions go on"
    limits: Mapping[str, Limit] = {"stall s": Limit(must=_SESSION_TIMEOUT + 2, goal=_SESSION_TIMEOUT + 2)}
    most_rounds = 2

    _target: Target | None = None
    _survivor: Child

    async def prepare(self, context: Context) -> None:
        """The events, and a database to copy for each round."""
        self._timeout = context.size(_SESSION_TIMEOUT, quick=_QUICK_SESSION_TIMEOUT)
        self._before_kill = context.size(_BEFORE_KILL, quick=1.0)
        seconds = self._before_kill + self._timeout + context.size(_AFTER_TIMEOUT, quick=2.0)
        rate = self._rate = context.size(_RATE, quick=50)
        count = int(rate * seconds)
        self._context = context
        self._owners = await Owners.prepare(context, cars=count)
        self._events = list(completions(count, count))

    async def baseline(self) -> None:
        """There is none: the session timeout is what it is judged by."""

    async def subject(self) -> Measured:
        """Kills the second one while events keep coming."""
        target = self._target = await self._owners.target(self._target)
        await self._owners.backlog([])
        timeout = {"CARPASS_CONSUMER_SESSION_TIMEOUT": str(self._timeout)}
        self._survivor, victim = await asyncio.gather(
            *(self._owners.worker(target, environment=timeout) for _ in range(2))
        )
        await self._owners.balanced(2)
        cpu, began = cpu_seconds([self._survivor]), time.perf_counter()
        load = asyncio.create_task(self._load())
        await asyncio.sleep(self._before_kill)
        await victim.kill()
        killed_at = time.time()
        places = await load
        await self._owners.reached(target, [self._survivor], len(self._events))
        spent = cpu_seconds([self._survivor]) - cpu
        latencies, stall = await self._stall(target, places, killed_at)
        notes = {"stall s": stall, "oldest event s": max(latencies)}
        return Measured(len(latencies), time.perf_counter() - began, spent, latencies, notes)

    async def verify(self) -> Sequence[str]:
        """Nothing lost, nothing doubled."""
        assert self._target is not None
        count = len(self._events)
        again = [completion.record() for completion in self._events[: count // 10]]
        broken = await self._owners.broken(self._target, count, again)
        await self._survivor.stop()
        return [*broken, *await self._owners.drain(self._target)]

    def ratio(self, baseline: Measured | None, subject: Measured) -> Mapping[str, float]:
        """The stall itself."""
        assert baseline is None
        return {"stall s": subject.notes["stall s"]}

    async def _load(self) -> dict[UUID, tuple[float, int]]:
        """When each event was sent, and to which partition."""
        producer = raw_producer(self._owners.bootstrap)
        await producer.start()

        async def send(completion: Completion) -> tuple[UUID, tuple[float, int]]:
            record, at = completion.record(), time.time()
            ack = await producer.send_and_wait(record.topic, record.value, record.key, headers=record.headers)
            return completion.event.work_order_id, (at, ack.partition)

        try:
            return dict(await open_loop(self._events, self._rate, send))
        finally:
            await producer.stop()

    async def _stall(
        self, target: Target, places: Mapping[UUID, tuple[float, int]], killed_at: float
    ) -> tuple[list[float], float]:
        """Latencies, and how long after the kill the last partition went on that had stood still for most of it."""
        committed = {row[0]: row[1] for row in await target.look.fetch(_COMMITTED)}
        arrivals: dict[int, list[float]] = defaultdict(list)
        latencies = []
        for order, (at, partition) in places.items():
            arrived = committed[order]
            latencies.append(arrived - at)
            arrivals[partition].append(arrived)
        stalls = [
            later - killed_at
            for each in arrivals.values()
            for earlier, later in pairwise(sorted(each))
            if earlier < killed_at + _LAST_COMMIT and later - earlier > self._timeout / 2
        ]
        return latencies, max(stalls, default=0.0)
