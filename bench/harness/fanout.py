"""A chain from one service's outbox to owners' tables, and how long events take through it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg
import orjson

from bench.harness.kafka import KafkaRecord
from bench.harness.open_loop import open_loop
from bench.harness.outbox import drained
from bench.harness.owners import Target
from bench.harness.processes import Child, cpu_seconds
from bench.harness.suite import InvalidRun
from bench.harness.workload import Completion
from chassis.wake import RelayWake

_CONNECTIONS: Final = 8
_DEADLINE: Final = 60.0
_LOOK_EVERY: Final = 0.1
_INSERT: Final = """
    INSERT INTO outbox (topic, key, headers, payload) VALUES ($1, $2, $3::text::json, $4)
    RETURNING pg_current_xact_id()::text
"""
# Commit times of both ends, by the clock of the one server.
_COMMITTED: Final = """
    SELECT extract(epoch FROM pg_xact_commit_timestamp(id::xid))::float8
    FROM unnest($1::text[]) WITH ORDINALITY AS given (id, place) ORDER BY place
"""
_ARRIVED: Final = """
    SELECT work_order_id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM service_entry
    WHERE work_order_id = ANY($1::uuid[])
"""


@dataclass(slots=True)
class Chain:
    """A relay and a consumer that are idle, the outbox before them and the tables behind them."""

    source: asyncpg.Pool
    wake: RelayWake
    target: Target
    processes: Sequence[Child]
    topic: str
    sent: int = 0

    async def latencies(self, completions: Sequence[Completion], rate: float) -> list[float]:
        """Seconds from the commit of each event in the outbox to the commit of its rows at owners."""
        xids = await open_loop([completion.record(self.topic) for completion in completions], rate, self._commit)
        self.sent += len(completions)
        await self.all_arrived()
        orders = [completion.event.work_order_id for completion in completions]
        begun = [row[0] for row in await self.target.look.fetch(_COMMITTED, xids)]
        arrived = {row[0]: row[1] for row in await self.target.look.fetch(_ARRIVED, orders)}
        return [arrived[order] - at for order, at in zip(orders, begun, strict=True)]

    async def all_arrived(self) -> None:
        """Waits for whatever was sent; raises InvalidRun when it does not come."""
        try:
            async with asyncio.timeout(_DEADLINE):
                while await self.target.count() < self.sent:  # noqa: ASYNC110 - a table
                    await asyncio.sleep(_LOOK_EVERY)
        except TimeoutError:
            raise InvalidRun(f"only {await self.target.count()} of {self.sent} events arrived") from None

    async def analyze(self) -> None:
        """Statistics of tables that are no longer empty, as autovacuum brings them within a minute of service."""
        await self.target.look.execute("ANALYZE")

    async def outbox_emptied(self) -> bool:
        """Whether the relay removes what was acknowledged."""
        try:
            async with asyncio.timeout(_DEADLINE):
                await drained(self.source)
        except TimeoutError:
            return False
        return True

    def cpu_seconds(self) -> float:
        """Of both processes."""
        return cpu_seconds(self.processes)

    async def _commit(self, record: KafkaRecord) -> str:
        headers = orjson.dumps({name: value.decode() for name, value in record.headers}).decode()
        xid = await self.source.fetchval(_INSERT, record.topic, record.key, headers, record.value)
        self.wake()
        return str(xid)


async def open_source(url: str) -> asyncpg.Pool:
    """Connections for commits beside each other."""
    return await asyncpg.create_pool(url, min_size=_CONNECTIONS, max_size=_CONNECTIONS)
