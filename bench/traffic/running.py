"""The product's processes that answer HTTP, with production settings, and what they cost while they do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.harness.context import Context
from bench.harness.load import Load
from bench.harness.suite import Measured
from chassis.provision import ServiceDatabase
from cli.ports import choose_port
from gateway.routing import UPSTREAMS


class Process(Protocol):
    """Anything with CPU time."""

    def cpu_seconds(self) -> float:
        """User and system time so far."""


@dataclass(frozen=True, slots=True)
class Running:
    """A process and the port that it answers on."""

    process: Process
    port: int


async def start_api(
    context: Context,
    service: str,
    database: ServiceDatabase,
    jwks_url: str,
    *,
    module: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
) -> Running:
    """The `api` role of a service; `module` in front of it wraps it. Needs no Kafka: its relay would."""
    return await _start(
        context,
        (*module, service, "api"),
        {
            "CARPASS_DATABASE_API_URL": database.api_url,
            "CARPASS_DATABASE_WORKER_URL": database.worker_url,
            "CARPASS_JWKS_URL": jwks_url,
            **(environment or {}),
        },
        ready="/readyz",
    )


async def start_gateway(context: Context, upstream_port: int, jwks_url: str) -> Running:
    """The gateway, with everything behind it on one port."""
    urls = {f"CARPASS_UPSTREAM_{name.upper()}_URL": f"http://127.0.0.1:{upstream_port}" for name in UPSTREAMS}
    return await _start(context, ("gateway", "api"), urls | {"CARPASS_JWKS_URL": jwks_url}, ready="/livez")


async def start_baseline(context: Context, module: str, environment: Mapping[str, str]) -> Running:
    """A hand-written server: `python -m bench.baselines.MODULE`."""
    return await _start(context, (f"bench.baselines.{module}",), environment, ready="/livez")


async def _start(context: Context, arguments: Sequence[str], environment: Mapping[str, str], *, ready: str) -> Running:
    port = choose_port()
    child = context.start(
        *arguments,
        environment={
            "CARPASS_HTTP_PORT": str(port),
            "CARPASS_STATE_DIR": str(context.work / "state" / f"{arguments[0]}-{port}"),
            **environment,
        },
    )
    await child.ready(f"http://127.0.0.1:{port}{ready}")
    return Running(child, port)


class Meter:
    """CPU time of some processes between two moments."""

    def __init__(self, *processes: Process) -> None:
        self._processes = processes
        self._before = self._now()

    def _now(self) -> float:
        return sum(process.cpu_seconds() for process in self._processes)

    def spent(self) -> float:
        """Seconds since it was made."""
        return self._now() - self._before


def measured(load: Load, cpu_seconds: float, **notes: float) -> Measured:
    """A load as one side of a round."""
    return Measured(
        units=len(load.latencies),
        seconds=load.seconds,
        cpu_seconds=cpu_seconds,
        latencies=load.latencies,
        notes={"generator": load.generator_cpu, **notes},
    )
