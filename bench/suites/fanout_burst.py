"""Thousands of orders completed at once: how much longer the last one takes than consuming them alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.harness.context import Context
from bench.harness.outbox import drained, fill, wake
from bench.harness.owners import Owners, Target
from bench.harness.processes import Child
from bench.harness.suite import Limit, Measured
from bench.harness.workload import completions


class Benchmark:
    """From the commit of all events in the outbox to owners' last committed row, over consuming the same backlog."""

    name = "fanout-burst"
    title = "5,000 completions at once, last one visible, over the time to consume them"
    limits: Mapping[str, Limit] = {"last visible": Limit(must=1.5, goal=1.2)}
    most_rounds = 5

    _target: Target | None = None
    _worker: Child

    async def prepare(self, context: Context) -> None:
        """An idle relay before an empty outbox."""
        count = context.size(5_000, quick=200)
        self._owners = await Owners.prepare(context, cars=count)
        self._records = [completion.record() for completion in completions(count, count)]
        source = await context.servers.service_database("workorders")
        self._source = await context.connect(source.worker_url)
        self._relay = await context.start_role("workorders", "relay", source)

    async def baseline(self) -> Measured:
        """The worker finds all of them in Kafka."""
        self._target = await self._owners.target(self._target)
        await self._owners.backlog(self._records)
        worker = await self._owners.worker(self._target)
        measured = await self._owners.measure(self._target, [worker], len(self._records))
        await worker.stop()
        return measured

    async def subject(self) -> Measured:
        """Relay and worker are idle when the outbox is filled."""
        target = self._target = await self._owners.target(self._target)
        await self._owners.backlog([])
        self._worker = await self._owners.worker(target)
        async with self._source.transaction():
            await fill(self._source, self._records)
            committed = await self._source.fetchval("SELECT pg_current_xact_id()::text")
        await wake(self._source)
        measured = await self._owners.measure(target, [self._worker, self._relay], len(self._records))
        seconds = await self._owners.seconds_since(target, committed)
        return Measured(measured.units, seconds, measured.cpu_seconds)

    async def verify(self) -> Sequence[str]:
        """All of them, once, and both outboxes empty."""
        assert self._target is not None
        count = len(self._records)
        await drained(self._source)
        broken = await self._owners.broken(self._target, count, self._records[: count // 10])
        await self._worker.stop()
        return [*broken, *await self._owners.drain(self._target)]

    def ratio(self, baseline: Measured | None, subject: Measured) -> Mapping[str, float]:
        """Of the times."""
        assert baseline is not None
        return {"last visible": subject.seconds / baseline.seconds}
