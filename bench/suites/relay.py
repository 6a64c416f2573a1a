"""The relay drains an outbox; beside it a raw idempotent producer sends the same records from memory."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Final

from bench.harness.context import Context
from bench.harness.kafka import KafkaRecord, empty, load, raw_producer, read_all, send_all
from bench.harness.outbox import drained, fill, wake
from bench.harness.suite import Limit, Measured
from contracts.workorders import WorkOrderCompleted

_PAYLOAD_BYTES: Final = 1536
_CARS: Final = 5000
_TOPIC: Final = WorkOrderCompleted.topic
_DEADLINE: Final = 120.0
_HEADERS: Final = {
    "ce_specversion": "1.0",
    "ce_id": "0192f0c1-7b7e-7c3c-9a51-5d2f0b6f1a10",
    "ce_source": "/carpass/workorders",
    "ce_type": WorkOrderCompleted.event_type,
    "ce_subject": "0192f0c1-7b7e-7c3c-9a51-5d2f0b6f1a10",
    "ce_time": "2026-01-15T09:00:00+00:00",
    "content-type": "application/json",
}


class Benchmark:
    """Events a second, from the commit that makes them visible to an empty outbox."""

    name = "relay"
    title = "the relay drains 50,000 events of 1.5 KB, over a raw idempotent producer"
    limits: Mapping[str, Limit] = {"events/s": Limit(must=0.60, goal=0.80, higher_is_better=True)}
    most_rounds = 5

    async def prepare(self, context: Context) -> None:
        """A relay that is active and has nothing to do, and the records."""
        self._count = context.size(50_000, quick=500)
        self._bootstrap = await context.servers.topics()
        database = await context.servers.service_database("workorders")
        self._connection = await context.connect(database.worker_url)
        self._relay = await context.start_role("workorders", "relay", database)
        self._records = [_record(number) for number in range(self._count)]
        await load(self._bootstrap, self._records[: self._count // 10])  # connections, page cache, JIT

    async def baseline(self) -> Measured:
        """The producer is open; what is measured is the first send to the last ack."""
        producer = raw_producer(self._bootstrap)
        await producer.start()
        try:
            began, cpu = time.perf_counter(), time.process_time()
            await send_all(producer, self._records)
            return Measured(self._count, time.perf_counter() - began, time.process_time() - cpu)
        finally:
            await producer.stop()

    async def subject(self) -> Measured:
        """All events are committed at once; what is measured is that moment to the empty outbox."""
        await empty(self._bootstrap, _TOPIC)
        async with self._connection.transaction():
            await fill(self._connection, self._records)
        began, cpu = time.perf_counter(), self._relay.cpu_seconds()
        await wake(self._connection)
        async with asyncio.timeout(_DEADLINE):
            await drained(self._connection)
        return Measured(self._count, time.perf_counter() - began, self._relay.cpu_seconds() - cpu)

    async def verify(self) -> Sequence[str]:
        """Every event is in Kafka once, and those of a key in the order of their outbox ids."""
        places: dict[bytes, list[int]] = defaultdict(list)
        for record in await read_all(self._bootstrap, _TOPIC):
            places[record.key].append(_number(record.value))
        broken = []
        if sorted(chain.from_iterable(places.values())) != list(range(self._count)):
            broken.append("not every event is in Kafka exactly once")
        if any(numbers != sorted(numbers) for numbers in places.values()):
            broken.append("events of one key are out of order")
        return broken

    def ratio(self, baseline: Measured | None, subject: Measured) -> Mapping[str, float]:
        """Of the rates."""
        assert baseline is not None
        return {"events/s": subject.per_second / baseline.per_second}


def _record(number: int) -> KafkaRecord:
    """The relay looks at no payload: this one has a number and the size."""
    value = b'{"number": %d, "padding": "' % number
    headers = [(name, value.encode()) for name, value in _HEADERS.items()]
    return KafkaRecord(_TOPIC, b"car-%d" % (number % _CARS), value.ljust(_PAYLOAD_BYTES - 2, b"x") + b'"}', headers)


def _number(value: bytes) -> int:
    return int(value[len(b'{"number": ') : value.index(b",")])
