"""obs: what it costs to see what the product does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Final

from aiohttp import web

from bench.harness.context import Context
from bench.harness.suite import Limit, Measured
from bench.traffic.reading import Reading
from bench.traffic.running import Running
from bench.traffic.timelines import Timeline

_ROWS: Final = 50
_CONNECTIONS: Final = 8


class Benchmark:
    """A 50-row timeline with everything on, as in production, and with everything off.

    On: spans (2 % sampled and exported to a collector), metrics, log lines of slow, failed and sampled requests.
    """

    name = "obs"
    title = "telemetry on over off, 50-row timeline; CPU"
    limits: Mapping[str, Limit] = {"CPU of the process": Limit(must=1.3, goal=1.15)}
    most_rounds = 9
    _reading: Reading | None = None

    async def prepare(self, context: Context) -> None:
        """Two processes of trust on one database."""
        self._stack = AsyncExitStack()
        self._reading = reading = Reading(context, Timeline(500))
        await reading.open()
        collector = await self._collector()
        self._on = await reading.trust(environment={"CARPASS_OTLP_ENDPOINT": collector})
        self._off = await reading.trust(module=("bench.baselines.unobserved",))
        self._seconds = context.size(5, 0.3)
        for running in (self._off, self._on):
            await self._load(running)

    async def _collector(self) -> str:
        """Takes spans and forgets them."""

        async def take(received: web.BaseRequest) -> web.Response:
            self._exports += bool(await received.read())
            return web.Response()

        self._exports = 0
        runner = web.ServerRunner(web.Server(take))
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port, *_ = runner.addresses[0]
        return f"http://{host}:{port}/v1/traces"

    async def baseline(self) -> Measured:
        """Off."""
        return await self._load(self._off)

    async def subject(self) -> Measured:
        """On."""
        return await self._load(self._on)

    async def _load(self, running: Running) -> Measured:
        assert self._reading is not None
        asked = self._reading.request(_ROWS)
        return await self._reading.load(running, asked, connections=_CONNECTIONS, seconds=self._seconds)

    async def verify(self) -> Sequence[str]:
        """The spans did arrive. In a quick run the exporter's first batch is not due yet."""
        assert self._reading is not None
        return [] if self._exports or self._reading.context.quick else ["no span reached the collector"]

    def ratio(self, baseline: Measured | None, subject: Measured) -> Mapping[str, float]:
        """CPU of the process that answers, for one answer."""
        return {"CPU of the process": subject.cpu_us / baseline.cpu_us} if baseline else {}

    async def close(self) -> None:
        """The processes are ended by the harness."""
        if self._reading is not None:
            await self._stack.aclose()
            await self._reading.close()
