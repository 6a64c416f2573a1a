"""More consumers: what each CPU second of theirs is worth when two or four share the partitions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from bench.harness.context import Context
from bench.harness.owners import Owners, Target
from bench.harness.processes import cpu_seconds
from bench.harness.suite import Limit, Measured
from bench.harness.workload import completions

_MORE: Final = (2, 4)


class Benchmark:
    """Events per CPU second of all workers together, over those of a single one; all have joined before the load."""

    name = "scale"
    title = "events per CPU second of 2 and 4 workers on 12 partitions, over 1"
    limits: Mapping[str, Limit] = {
        f"{workers} workers": Limit(must=0.85, goal=1.00, higher_is_better=True) for workers in _MORE
    }
    most_rounds = 3

    _target: Target | None = None

    async def prepare(self, context: Context) -> None:
        """The events, and a database to copy for each round."""
        self._count = context.size(10_000, quick=300)
        self._owners = await Owners.prepare(context, cars=self._count)
        self._records = [completion.record() for completion in completions(self._count, self._count)]
        self._broken: list[str] = []

    async def baseline(self) -> Measured:
        """One worker has all partitions."""
        return await self._consumed_by(1)

    async def subject(self) -> Measured:
        """Two, then four."""
        measured = {workers: await self._consumed_by(workers) for workers in _MORE}
        last = measured[_MORE[-1]]
        notes = {f"{workers} workers CPU us": one.cpu_us for workers, one in measured.items()}
        return Measured(last.units, last.seconds, last.cpu_seconds, notes=notes)

    async def verify(self) -> Sequence[str]:
        """What was found broken behind each number of workers."""
        return self._broken

    def ratio(self, baseline: Measured | None, subject: Measured) -> Mapping[str, float]:
        """Of the events per CPU second."""
        assert baseline is not None
        return {name: baseline.cpu_us / subject.notes[f"{name} CPU us"] for name in self.limits}

    async def _consumed_by(self, count: int) -> Measured:
        target = self._target = await self._owners.target(self._target)
        await self._owners.backlog([])
        workers = await asyncio.gather(*(self._owners.worker(target) for _ in range(count)))
        await self._owners.balanced(count)
        cpu = cpu_seconds(workers)
        await self._owners.load(self._records)
        measured = await self._owners.measure(target, workers, self._count)
        spent = cpu_seconds(workers) - cpu
        self._broken += await self._owners.broken(target, self._count, self._records[: self._count // 10])
        await asyncio.gather(*(worker.stop() for worker in workers))
        return Measured(self._count, measured.seconds, spent)
