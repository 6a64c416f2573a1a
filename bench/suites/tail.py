"""tail: whether a minute of steady reading has pauses in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bench.harness.context import Context
from bench.harness.figures import percentile
from bench.harness.load import open_loop
from bench.harness.suite import Limit, Measured
from bench.traffic.reading import Reading
from bench.traffic.running import Meter, measured
from bench.traffic.timelines import Timeline

_ROWS: Final = 50
_CONNECTIONS: Final = 16
_LOAD: Final = 0.5  # of what it can do


class Benchmark:
    """50-row timelines through the gateway, at half of the rate that it manages."""

    name = "tail"
    title = "60 s of reads through the gateway at half load; p99 over p50"
    limits: Mapping[str, Limit] = {"p99 over p50": Limit(must=6, goal=3)}
    most_rounds = 2
    _reading: Reading | None = None

    async def prepare(self, context: Context) -> None:
        """Finds out what full load is."""
        self._reading = reading = Reading(context, Timeline(500))
        await reading.open()
        self._trust = await reading.trust()
        self._gateway = await reading.gateway(self._trust)
        self._seconds = context.size(60, 1)
        self._request = reading.request(_ROWS)
        await reading.load(self._gateway, self._request, connections=_CONNECTIONS, seconds=context.size(1, 0.2))
        full = await reading.load(self._gateway, self._request, connections=_CONNECTIONS, seconds=context.size(6, 0.3))
        self._rate = full.per_second * _LOAD

    async def baseline(self) -> None:
        """There is none: the product is judged by itself."""

    async def subject(self) -> Measured:
        """Requests come at their times, whether the one before has been answered or not."""
        meter = Meter(self._gateway.process, self._trust.process)
        load = await open_loop(
            self._gateway.port,
            [self._request],
            connections=_CONNECTIONS,
            rate=self._rate,
            seconds=self._seconds,
        )
        return measured(load, meter.spent())

    async def verify(self) -> Sequence[str]:
        """That every answer is a 2xx is the load generator's to see."""
        return []

    def ratio(self, baseline: Measured | None, subject: Measured) -> Mapping[str, float]:
        """Percentiles of the same minute."""
        del baseline
        return {"p99 over p50": percentile(subject.latencies, 99) / percentile(subject.latencies, 50)}

    async def close(self) -> None:
        """The processes are ended by the harness."""
        if self._reading is not None:
            await self._reading.close()
