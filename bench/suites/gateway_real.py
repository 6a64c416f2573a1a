"""gateway-real: what the gateway adds to a read that a database is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bench.harness.context import Context
from bench.harness.figures import percentile
from bench.harness.suite import Limit, Measured
from bench.traffic.reading import Reading
from bench.traffic.timelines import Timeline

_ROWS: Final = 50
_CONNECTIONS: Final = 8


class Benchmark:
    """Eight readers of a 50-row timeline: directly at the service, and through the gateway."""

    name = "gateway-real"
    title = "database-backed read at c=8; p50 through the gateway over direct"
    limits: Mapping[str, Limit] = {"p50": Limit(must=1.5, goal=1.25)}
    most_rounds = 9
    _reading: Reading | None = None

    async def prepare(self, context: Context) -> None:
        """The service once, the gateway in front of it."""
        self._reading = Reading(context, Timeline(500))
        await self._reading.open()
        self._direct = await self._reading.trust()
        self._through = await self._reading.gateway(self._direct)
        self._seconds = context.size(5, 0.3)
        await self.subject()

    async def baseline(self) -> Measured:
        """Direct."""
        assert self._reading is not None
        asked = self._reading.request(_ROWS)
        return await self._reading.load(self._direct, asked, connections=_CONNECTIONS, seconds=self._seconds)

    async def subject(self) -> Measured:
        """Through the gateway; the CPU time is that of both processes."""
        assert self._reading is not None
        return await self._reading.load(
            self._through,
            self._reading.request(_ROWS),
            connections=_CONNECTIONS,
            seconds=self._seconds,
            also=[self._direct],
        )

    async def verify(self) -> Sequence[str]:
        """That every answer is a 2xx is the load generator's to see."""
        return []

    def ratio(self, baseline: Measured | None, subject: Measured) -> Mapping[str, float]:
        """Medians of the latencies."""
        return {"p50": percentile(subject.latencies, 50) / percentile(baseline.latencies, 50)} if baseline else {}

    async def close(self) -> None:
        """The processes are ended by the harness."""
        if self._reading is not None:
            await self._reading.close()
