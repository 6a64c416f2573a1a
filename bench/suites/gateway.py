"""gateway: what passing through costs, beside what nginx costs at the same place.

The same upstream (nginx, a fixed answer of 1.3 KB) is asked directly, through nginx and through the gateway. What each
adds is its figure less the direct one: the median latency, and the CPU time of all processes for a request. One
connection asks as fast as it is answered; 32 connections ask at a fixed rate, because without one they would measure
who saturates first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bench.baselines.nginx import Nginx
from bench.harness.context import Context
from bench.harness.figures import percentile
from bench.harness.load import Load, closed_loop, open_loop, request
from bench.harness.suite import InvalidRun, Limit, Measured
from bench.traffic.people import Issuer
from bench.traffic.running import Meter, Process, start_gateway
from chassis.ids import new_id

_BODY: Final = b'{"note":"' + b"x" * 1290 + b'"}'
_MANY: Final = 32
_RATE: Final = 500.0
_PATH: Final = "/v1/cars"


@dataclass(frozen=True, slots=True)
class _Case:
    """A method, and how many ask."""

    method: str
    connections: int

    @property
    def name(self) -> str:
        return f"{self.method} c={self.connections}"


_CASES: Final = [_Case(method, connections) for connections in (1, _MANY) for method in ("GET", "POST")]
_LIMIT: Final = Limit(must=4, goal=2.5)


class Benchmark:
    """GET and POST of 1.3 KB, with a token that the gateway verifies."""

    name = "gateway"
    title = "GET and POST of 1.3 KB; added p50 and CPU over nginx's"
    limits: Mapping[str, Limit] = {
        f"{case.name} {figure}": _LIMIT for case in _CASES for figure in ("added p50", "added CPU")
    }
    most_rounds = 4

    async def prepare(self, context: Context) -> None:
        """The upstream once, and both ways to it."""
        issuer = Issuer()
        jwks = await context.resources.enter_async_context(issuer.serving())
        self._upstream = await Nginx.upstream(context.work / "nginx-upstream", _BODY)
        context.resources.push_async_callback(self._upstream.kill)
        self._nginx = await Nginx.proxy(context.work / "nginx-proxy", self._upstream.port)
        context.resources.push_async_callback(self._nginx.kill)
        self._gateway = await start_gateway(context, self._upstream.port, jwks)
        self._headers = issuer.authorization(new_id())
        self._seconds = context.size(1.5, 0.2)
        for case in _CASES:
            await self._load(case, self._gateway.port)

    async def _load(self, case: _Case, port: int) -> Load:
        body = _BODY if case.method == "POST" else b""
        keyed = {"Idempotency-Key": "bench"} if body else {}
        asked = [request(case.method, _PATH, self._headers | keyed, body)]
        if case.connections == 1:
            return await closed_loop(port, asked, connections=1, seconds=self._seconds)
        return await open_loop(port, asked, connections=case.connections, rate=_RATE, seconds=self._seconds)

    async def baseline(self) -> Measured:
        """Through nginx."""
        return await self._added(self._nginx.port, self._nginx)

    async def subject(self) -> Measured:
        """Through the gateway."""
        return await self._added(self._gateway.port, self._gateway.process)

    async def _added(self, port: int, process: Process) -> Measured:
        notes: dict[str, float] = {}
        loads, spent = [], 0.0
        for case in _CASES:
            direct, direct_cpu = await self._one(case, self._upstream.port, self._upstream)
            through, through_cpu = await self._one(case, port, self._upstream, process)
            added = percentile(through.latencies, 50) - percentile(direct.latencies, 50)
            notes[f"{case.name} added p50"] = added * 1e6
            notes[f"{case.name} added CPU"] = through_cpu - direct_cpu
            loads.append(through)
            spent += through_cpu * len(through.latencies) / 1e6
        lost = [name for name, added in notes.items() if added <= 0]
        if lost:
            raise InvalidRun(f"what passing through adds was lost in this machine's noise: {', '.join(lost)}")
        return Measured(
            units=sum(len(load.latencies) for load in loads),
            seconds=sum(load.seconds for load in loads),
            cpu_seconds=spent,
            notes=notes,
        )

    async def _one(self, case: _Case, port: int, *processes: Process) -> tuple[Load, float]:
        """The load, and the microseconds of CPU for a request."""
        meter = Meter(*processes)
        load = await self._load(case, port)
        return load, meter.spent() / len(load.latencies) * 1e6

    async def verify(self) -> Sequence[str]:
        """That every answer is a 2xx is the load generator's to see."""
        return []

    def ratio(self, baseline: Measured | None, subject: Measured) -> Mapping[str, float]:
        """Added by the gateway over added by nginx."""
        return {name: subject.notes[name] / baseline.notes[name] for name in self.limits} if baseline else {}

    async def close(self) -> None:
        """The harness ends what the context opened."""
