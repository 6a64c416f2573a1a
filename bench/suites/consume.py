"""A backlog of completed work orders goes into owners' tables: the product's worker beside a hand-written loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bench.baselines.settings import DATABASE, KAFKA
from bench.harness import invariants
from bench.harness.context import Context
from bench.harness.owners import TOPIC, Owners, Target
from bench.harness.processes import Child
from bench.harness.suite import Limit, Measured
from bench.harness.workload import completions

_GROUP: Final = "bench-consume"


class Benchmark:
    """Events a second, from the beginning of the first transaction to the commit of the last."""

    name = "consume"
    title = "20,000 completed work orders into owners' tables, over a hand-written loop"
    limits: Mapping[str, Limit] = {"events/s": Limit(must=0.80, goal=1.00, higher_is_better=True)}
    most_rounds = 5

    _target: Target | None = None
    _worker: Child

    async def prepare(self, context: Context) -> None:
        """The events, and a database to copy for each round."""
        self._context = context
        count = context.size(20_000, quick=300)
        cars = count // 2
        self._owners = await Owners.prepare(context, cars=cars)
        self._records = [completion.record() for completion in completions(count, cars)]
        self._expected: str | None = None

    async def baseline(self) -> Measured:
        """The loop, in a process of its own."""
        target = self._target = await self._owners.target(self._target)
        await self._owners.backlog(self._records, _GROUP)
        environment = {DATABASE: target.database.worker_url, KAFKA: self._owners.bootstrap}
        loop = self._context.start("bench.baselines.consume", TOPIC, _GROUP, environment=environment)
        measured = await self._owners.measure(target, [loop], len(self._records))
        await loop.stop()
        self._expected = await invariants.digest(target.look)
        return measured

    async def subject(self) -> Measured:
        """`python -m owners worker`."""
        target = self._target = await self._owners.target(self._target)
        await self._owners.backlog(self._records)
        self._worker = await self._owners.worker(target)
        return await self._owners.measure(target, [self._worker], len(self._records))

    async def verify(self) -> Sequence[str]:
        """All of them, and what both sides wrote is the same."""
        count = len(self._records)
        assert self._target is not None
        broken = await self._owners.broken(self._target, count, self._records[: count // 10])
        await self._worker.stop()
        broken += await self._owners.drain(self._target)
        if self._expected is not None and await invariants.digest(self._target.look) != self._expected:
            broken.append("the worker's rows differ from those of the hand-written loop")
        return broken

    def ratio(self, baseline: Measured | None, subject: Measured) -> Mapping[str, float]:
        """Of the rates."""
        assert baseline is not None
        return {"events/s": subject.per_second / baseline.per_second}
