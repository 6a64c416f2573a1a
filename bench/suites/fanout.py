"""One event at a time, as they come in life: from the commit in one service's outbox to owners' committed rows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from aiokafka import AIOKafkaConsumer

from bench.baselines.settings import DATABASE, KAFKA
from bench.harness.context import Context
from bench.harness.fanout import Chain, open_source
from bench.harness.figures import percentile
from bench.harness.kafka import raw_producer
from bench.harness.open_loop import open_loop
from bench.harness.owners import TOPIC, Owners
from bench.harness.suite import Limit, Measured
from bench.harness.workload import Completion, completions
from chassis.topics import ensure_topics
from chassis.wake import RelayWake
from contracts.registry import TOPICS

_BASELINE_TOPIC: Final = "bench.workorder"
_RAW_TOPIC: Final = "bench.raw"
_SECONDS: Final = {50: 6.0, 300: 4.0}
_RATES: Final = tuple(_SECONDS)
_RAW_RATE: Final = 300
_RAW_SECONDS: Final = 1.0
_CARS: Final = 2_000


class Benchmark:
    """Latency of the product's relay and worker over a hand-written chain with the same guarantees."""

    name = "fanout"
    title = "outbox commit to owner row committed at 50/s and 300/s, over a hand-written chain"
    limits: Mapping[str, Limit] = {
        f"{rate}/s {name}": limit
        for rate in _RATES
        for name, limit in {"p50": Limit(must=2.0, goal=1.2), "p99": Limit(must=3.0, goal=1.5)}.items()
    }
    most_rounds = 5

    _by_hand: Chain
    _product: Chain

    async def prepare(self, context: Context) -> None:
        """Both chains, each with topics and databases of its own; the idle one costs nothing."""
        self._context = context
        self._owners = await Owners.prepare(context, cars=context.size(_CARS, quick=50))
        own = [replace(TOPICS[TOPIC], name=name) for name in (_BASELINE_TOPIC, _RAW_TOPIC)]
        await ensure_topics(self._owners.bootstrap, topics=own)
        self._counts = {rate: int(rate * context.size(_SECONDS[rate], quick=0.3)) for rate in _RATES}
        total = sum(self._counts.values()) * (context.rounds + 1)
        self._events = list(completions(total, context.size(_CARS, quick=50)))
        self._product = await self._chain(TOPIC)
        self._by_hand = await self._chain(_BASELINE_TOPIC)
        for chain in (self._by_hand, self._product):  # connections, prepared statements, the broker's JIT
            await self._round(chain)
            await chain.analyze()

    async def baseline(self) -> Measured:
        """The hand-written chain, and beside it what Kafka alone takes."""
        measured = await self._round(self._by_hand)
        raw = await self._raw()
        notes = {"raw p50 ms": percentile(raw, 50) * 1000, "raw p99 ms": percentile(raw, 99) * 1000}
        return replace(measured, notes={**measured.notes, **notes})

    async def subject(self) -> Measured:
        """`workorders relay` and `owners worker`."""
        return await self._round(self._product)

    async def verify(self) -> Sequence[str]:
        """All have arrived once."""
        again = [completion.record() for completion in self._events[: self._product.sent // 10]]
        broken = await self._owners.broken(self._product.target, self._product.sent, again)
        if not await self._product.outbox_emptied():
            broken.append("the outbox is not empty")
        return broken

    def ratio(self, baseline: Measured | None, subject: Measured) -> Mapping[str, float]:
        """Of the latencies."""
        assert baseline is not None
        return {name: subject.notes[f"{name} ms"] / baseline.notes[f"{name} ms"] for name in self.limits}

    async def _round(self, chain: Chain) -> Measured:
        began, cpu = time.perf_counter(), chain.cpu_seconds()
        notes: dict[str, float] = {}
        latencies: list[float] = []
        for rate, count in self._counts.items():
            found = await chain.latencies(self._events[chain.sent : chain.sent + count], rate)
            notes |= {f"{rate}/s p{each} ms": percentile(found, each) * 1000 for each in (50, 99)}
            latencies += found
        seconds, spent = time.perf_counter() - began, chain.cpu_seconds() - cpu
        return Measured(len(latencies), seconds, spent, latencies, notes)

    async def _chain(self, topic: str) -> Chain:
        context = self._context
        source = await context.servers.service_database("workorders")
        target = await self._owners.target()
        if topic == TOPIC:
            relay = await context.start_role("workorders", "relay", source)
            consumer = await self._owners.worker(target)
        else:
            kafka = {KAFKA: self._owners.bootstrap}
            relay = context.start("bench.baselines.relay", environment=kafka | {DATABASE: source.worker_url})
            consumer = context.start(
                "bench.baselines.consume", topic, topic, environment=kafka | {DATABASE: target.database.worker_url}
            )
        pool = await open_source(source.worker_url)
        context.resources.callback(pool.terminate)
        wake = RelayWake(source.worker_url)
        context.resources.push_async_callback(wake.close)
        return Chain(pool, wake, target, [relay, consumer], topic)

    async def _raw(self) -> list[float]:
        """Seconds from `send` to the record's arrival at a consumer in the same process."""
        consumer: Any = AIOKafkaConsumer(_RAW_TOPIC, bootstrap_servers=self._owners.bootstrap)
        producer = raw_producer(self._owners.bootstrap)
        await asyncio.gather(consumer.start(), producer.start())
        count = min(int(_RAW_RATE * _RAW_SECONDS), len(self._events))
        arrived: list[float] = []

        async def receive() -> None:
            while len(arrived) < count:
                for records in (await consumer.getmany(timeout_ms=1000)).values():
                    arrived.extend(time.perf_counter() - float(record.value) for record in records)

        async def send(completion: Completion) -> None:
            await producer.send(_RAW_TOPIC, b"%f" % time.perf_counter(), completion.event.key.encode())

        try:
            await consumer.seek_to_end()
            receiving = asyncio.create_task(receive())
            await open_loop(self._events[:count], _RAW_RATE, send)
            async with asyncio.timeout(_RAW_SECONDS * 10):
                await receiving
        finally:
            await asyncio.gather(consumer.stop(), producer.stop())
        return arrived
