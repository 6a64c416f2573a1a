"""growth: whether what was fast with little data is fast with much of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bench.harness.context import Context
from bench.harness.figures import percentile
from bench.harness.suite import Limit, Measured
from bench.traffic.reading import Reading
from bench.traffic.timelines import Timeline

_ROWS: Final = 20
_SMALL, _LARGE, _LARGE_IF_QUICK = 100, 100_000, 1_000


class Benchmark:
    """The last page of a timeline of 100 and of one of 100,000 entries, in one table; one reader.

    Analytics, catalog search and booking slots will join it here when they exist.
    """

    name = "growth"
    title = "last page of a timeline, 100 to 100,000 entries; p50"
    limits: Mapping[str, Limit] = {"timeline, last page": Limit(must=1.5, goal=1.2)}
    most_rounds = 9
    _reading: Reading | None = None

    async def prepare(self, context: Context) -> None:
        """Both cars in one database."""
        self._small, self._large = Timeline(_SMALL), Timeline(context.size(_LARGE, _LARGE_IF_QUICK))
        self._reading = reading = Reading(context, self._small, self._large)
        await reading.open()
        self._trust = await reading.trust()
        self._seconds = context.size(3, 0.2)
        await self.baseline()
        await self.subject()

    async def baseline(self) -> Measured:
        """The short one."""
        return await self._last_page(0)

    async def subject(self) -> Measured:
        """The long one."""
        return await self._last_page(1)

    async def _last_page(self, timeline: int) -> Measured:
        assert self._reading is not None
        asked = self._reading.request(_ROWS, last_page=True, timeline=timeline)
        return await self._reading.load(self._trust, asked, connections=1, seconds=self._seconds)

    async def verify(self) -> Sequence[str]:
        """That every answer is a 2xx is the load generator's to see."""
        return []

    def ratio(self, baseline: Measured | None, subject: Measured) -> Mapping[str, float]:
        """t(largest) over t(smallest), medians."""
        if baseline is None:
            return {}
        return {"timeline, last page": percentile(subject.latencies, 50) / percentile(baseline.latencies, 50)}

    async def close(self) -> None:
        """The processes are ended by the harness."""
        if self._reading is not None:
            await self._reading.close()
