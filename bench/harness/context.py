"""What a benchmark is given: its folder, the servers, and processes that end with it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from bench.harness.processes import Child
from bench.harness.servers import Servers
from chassis.provision import ServiceDatabase
from cli.ports import choose_port


@dataclass(slots=True)
class Context:
    """`quick`: small data that shows whether it works; its figures mean nothing."""

    work: Path
    servers: Servers
    rounds: int
    quick: bool = False
    resources: AsyncExitStack = field(default_factory=AsyncExitStack)
    """Closed when the suite ends, however it ends."""
    _started: int = 0

    async def connect(self, url: str) -> asyncpg.Connection:
        """A connection that ends with the suite."""
        connection: asyncpg.Connection = await asyncpg.connect(url, timeout=10)
        self.resources.callback(connection.terminate)
        return connection

    def size[Amount: (int, float)](self, full: Amount, quick: Amount) -> Amount:
        """How much work, or how many seconds of it, this run has."""
        return quick if self.quick else full

    def start(self, *arguments: str, environment: Mapping[str, str]) -> Child:
        """`python -m ARGUMENTS`; ended with the suite at the latest."""
        self._started += 1
        log = self.work / "logs" / f"{self._started:02}-{'-'.join(arguments)}.log"
        child = Child(arguments, environment, log)
        self.resources.push_async_callback(child.kill)
        return child

    async def start_role(
        self, service: str, role: str, database: ServiceDatabase, environment: Mapping[str, str] | None = None
    ) -> Child:
        """One role of a service as the product runs it; returns when it is ready."""
        port = choose_port()
        child = self.start(
            service,
            role,
            environment={
                "CARPASS_DATABASE_API_URL": database.api_url,
                "CARPASS_DATABASE_WORKER_URL": database.worker_url,
                "CARPASS_KAFKA_BOOTSTRAP": self.servers.kafka_bootstrap,
                "CARPASS_HTTP_PORT": str(port),
                "CARPASS_STATE_DIR": str(self.work / "state" / f"{service}-{port}"),
                "CARPASS_LOG_LEVEL": "WARNING",
                **(environment or {}),
            },
        )
        await child.ready(f"http://127.0.0.1:{port}/readyz")
        return child
