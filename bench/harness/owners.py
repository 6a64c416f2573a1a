"""Owners as the target of completed work orders: its tables filled by somebody, watched and checked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from bench.harness import invariants
from bench.harness.context import Context
from bench.harness.kafka import KafkaRecord, caught_up, empty, load, rewind
from bench.harness.outbox import drained
from bench.harness.processes import Child, cpu_seconds
from bench.harness.suite import InvalidRun, Measured
from bench.harness.workload import register_cars
from chassis.kafka import KafkaConnection
from chassis.provision import ServiceDatabase
from cli.operations.cluster import reach
from cli.operations.positions import GroupState, group_state
from contracts.workorders import WorkOrderCompleted

GROUP: Final = "owners"
TOPIC: Final = WorkOrderCompleted.topic
_LOOK_EVERY: Final = 0.1
_DEADLINE: Final = 180.0
_SPAN: Final = """
    SELECT extract(epoch FROM max(pg_xact_commit_timestamp(xmin)) - min(received_at))::float8 FROM inbox
"""
_SINCE: Final = """
    SELECT extract(epoch FROM max(pg_xact_commit_timestamp(xmin)) - pg_xact_commit_timestamp($1::text::xid))::float8
    FROM inbox
"""


@dataclass(slots=True)
class Target:
    """One database of owners, and a connection that looks into it."""

    database: ServiceDatabase
    look: asyncpg.Connection

    async def count(self) -> int:
        """How many events are applied."""
        return int(await self.look.fetchval("SELECT count(*) FROM inbox"))


class Owners:
    """Makes targets with the same cars in them, and measures how they are filled."""

    def __init__(self, context: Context, template: str, bootstrap: str) -> None:
        self._context = context
        self._template = template
        self.bootstrap = bootstrap

    @classmethod
    async def prepare(cls, context: Context, *, cars: int) -> Owners:
        """A template with the cars of `workload.completions`, and Kafka with its topics."""
        bootstrap = await context.servers.topics()
        await context.servers.demand_commit_times()
        database = await context.servers.service_database("owners")
        connection = await asyncpg.connect(database.owner_url)
        try:
            await register_cars(connection, cars)
        finally:
            await connection.close()
        return cls(context, database.name, bootstrap)

    async def target(self, instead_of: Target | None = None) -> Target:
        """A new one; the one that it stands in for is dropped, whose processes have ended."""
        if instead_of is not None:
            await instead_of.look.close()
            await self._context.servers.drop(instead_of.database)
        database = await self._context.servers.clone("owners", self._template)
        return Target(database, await self._context.connect(database.owner_url))

    async def backlog(self, records: Sequence[KafkaRecord], group: str = GROUP) -> None:
        """The topic holds these and nothing else, and the group has seen none of them."""
        await empty(self.bootstrap, TOPIC)
        await self._state(group, lambda state: state.members == 0)  # one that was killed is a member for ten seconds
        await rewind(self.bootstrap, group, TOPIC)
        await load(self.bootstrap, records)

    async def load(self, records: Sequence[KafkaRecord]) -> None:
        """Adds them to the topic."""
        await load(self.bootstrap, records)

    async def balanced(self, members: int) -> None:
        """Waits until so many consumers share the partitions."""
        await self._state(GROUP, lambda state: (state.state, state.members) == ("Stable", members))

    async def _state(self, group: str, reached: Callable[[GroupState], bool]) -> None:
        async with asyncio.timeout(_DEADLINE), reach(KafkaConnection(self.bootstrap)) as cluster:
            while not reached(await group_state(cluster, group)):  # noqa: ASYNC110 - a broker
                await asyncio.sleep(_LOOK_EVERY)

    async def seconds_since(self, target: Target, transaction: str) -> float:
        """From that transaction's commit to the last one at the target."""
        return float(await target.look.fetchval(_SINCE, transaction))

    async def worker(self, target: Target, environment: Mapping[str, str] | None = None) -> Child:
        """The product's worker, which has joined its group."""
        return await self._context.start_role("owners", "worker", target.database, environment)

    async def measure(self, target: Target, workers: Sequence[Child], count: int) -> Measured:
        """From the first transaction's beginning to the last commit; CPU of the workers from what is seen first."""
        first = await self.reached(target, workers, 1)
        cpu = cpu_seconds(workers)
        await self.reached(target, workers, count)
        spent = cpu_seconds(workers) - cpu
        seconds = float(await target.look.fetchval(_SPAN))
        return Measured(count, seconds, spent * count / max(count - first, 1))

    async def reached(self, target: Target, workers: Sequence[Child], count: int) -> int:
        """Waits for `count` applied events; how many there are then. Raises InvalidRun when a worker ends."""
        async with asyncio.timeout(_DEADLINE):
            while (applied := await target.count()) < count:
                if not all(worker.running() for worker in workers):
                    raise InvalidRun("a consumer has ended by itself")
                await asyncio.sleep(_LOOK_EVERY)
        return applied

    async def broken(self, target: Target, count: int, records: Sequence[KafkaRecord] = ()) -> list[str]:
        """Invariants after `count` events; `records` are delivered once more, to the workers that still run."""
        broken = await invariants.of_owners(target.look, count)
        if records:
            before = await invariants.digest(target.look)
            await load(self.bootstrap, records)
            async with asyncio.timeout(_DEADLINE):
                await caught_up(self.bootstrap, GROUP, TOPIC)
            if await invariants.digest(target.look) != before:
                broken.append(f"{len(records)} events delivered again changed something")
        return broken

    async def drain(self, target: Target) -> list[str]:
        """Owners' own relay empties the outbox."""
        relay = await self._context.start_role("owners", "relay", target.database)
        try:
            async with asyncio.timeout(_DEADLINE):
                await drained(target.look)
        except TimeoutError:
            return ["the outbox is not empty"]
        finally:
            await relay.stop()
        return []
