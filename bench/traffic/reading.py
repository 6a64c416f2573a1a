"""Trust with a timeline to read: what several benchmarks ask for, directly or through the gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

from bench.harness.context import Context
from bench.harness.load import closed_loop, request
from bench.harness.suite import Measured
from bench.traffic.people import Issuer
from bench.traffic.running import Meter, Running, measured, start_api, start_gateway
from bench.traffic.timelines import Timeline, store
from chassis.provision import ServiceDatabase


class Reading:
    """One database with timelines, and processes in front of it. Made by `open`, ended by `close`."""

    def __init__(self, context: Context, *timelines: Timeline) -> None:
        self.context = context
        self.timelines = timelines
        self.issuer = Issuer()
        self._stack = AsyncExitStack()

    async def open(self) -> None:
        """The data, and the keys that everybody verifies tokens with."""
        self.jwks = await self._stack.enter_async_context(self.issuer.serving())
        self.database: ServiceDatabase = await self.context.servers.service_database("trust")
        await store(self.database, *self.timelines)

    async def trust(self, *, module: Sequence[str] = (), environment: Mapping[str, str] | None = None) -> Running:
        """One more API process of trust."""
        return await start_api(self.context, "trust", self.database, self.jwks, module=module, environment=environment)

    async def gateway(self, trust: Running) -> Running:
        """The gateway in front of it."""
        return await start_gateway(self.context, trust.port, self.jwks)

    def request(self, limit: int, *, last_page: bool = False, timeline: int = 0) -> bytes:
        """One page of a timeline, asked for by its owner."""
        asked = self.timelines[timeline]
        return request("GET", asked.path(limit, last_page=last_page), self.issuer.authorization(asked.owner_id))

    async def load(
        self, running: Running, asked: bytes, *, connections: int, seconds: float, also: Sequence[Running] = ()
    ) -> Measured:
        """As many of that request as it answers; `also`: further processes whose CPU time it takes."""
        servers = self.context.servers
        meter, database_before = Meter(*(each.process for each in (running, *also))), servers.postgres_cpu_seconds()
        load = await closed_loop(running.port, [asked], connections=connections, seconds=seconds)
        in_database = (servers.postgres_cpu_seconds() - database_before) / len(load.latencies)
        return measured(load, meter.spent(), **{"PostgreSQL us": in_database * 1e6})

    async def close(self) -> None:
        """Takes no more questions for keys."""
        await self._stack.aclose()
