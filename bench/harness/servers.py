"""PostgreSQL and Kafka of one run: our own in a folder of the run, or those that the environment names."""

from __future__ import annotations

import asyncio
import os
import secrets
from functools import cached_property
from pathlib import Path
from typing import Final

import asyncpg

from bench.harness.processes import server_cpu_seconds
from chassis.migrate import upgrade
from chassis.provision import RolePasswords, ServiceDatabase, clone_database, drop_database, provision_as
from chassis.topics import ensure_topics
from cli.embedded.kafka import EmbeddedKafka
from cli.embedded.postgres import EmbeddedPostgres
from cli.errors import StackError
from cli.stack.databases import migrations_dir

# Durable, as in operations. Commit times are what end-to-end latencies are read from.
_POSTGRES_SETTINGS: Final = {"track_commit_timestamp": "on", "max_wal_size": "4GB"}
_START_SECONDS: Final = 120.0


class Servers:
    """Each is started by who needs it first."""

    def __init__(self, work: Path) -> None:
        self._postgres = EmbeddedPostgres(work / "postgres", settings=_POSTGRES_SETTINGS)
        self._kafka = EmbeddedKafka(work / "kafka")
        self._passwords = RolePasswords(*(secrets.token_hex(8) for _ in range(3)))
        self._prefix = f"bench_{secrets.token_hex(3)}"
        self._templates: dict[str, str] = {}
        self._made: list[str] = []

    @cached_property
    def postgres_admin_url(self) -> str:
        """The administrator's URL: CARPASS_POSTGRES_URL, or of a server that is started now."""
        given = os.environ.get("CARPASS_POSTGRES_URL")
        if given:
            return given
        self._postgres.start(_START_SECONDS)
        return self._postgres.superuser_url

    @cached_property
    def kafka_bootstrap(self) -> str:
        """The broker's address: CARPASS_KAFKA_BOOTSTRAP, or of a broker that is started now, with all topics."""
        given = os.environ.get("CARPASS_KAFKA_BOOTSTRAP")
        if given:
            return given
        self._kafka.start(_START_SECONDS)
        return self._kafka.bootstrap

    async def topics(self) -> str:
        """The broker's address, when it has the registry's topics with their 12 partitions."""
        bootstrap = await asyncio.to_thread(lambda: self.kafka_bootstrap)
        await ensure_topics(bootstrap)
        return bootstrap

    async def demand_commit_times(self) -> None:
        """Raises StackError for a server, given by its URL, that does not keep them."""
        connection = await asyncpg.connect(await asyncio.to_thread(lambda: self.postgres_admin_url), timeout=10)
        try:
            if await connection.fetchval("SHOW track_commit_timestamp") != "on":
                raise StackError("This benchmark reads commit times: set track_commit_timestamp=on on that server.")
        finally:
            await connection.close()

    async def service_database(self, service: str) -> ServiceDatabase:
        """A migrated, empty database of its own; each service is migrated once a run."""
        if service not in self._templates:
            self._templates[service] = await self._migrated(service)
        return await self.clone(service, self._templates[service])

    async def clone(self, service: str, template: str) -> ServiceDatabase:
        """A copy of a database of that service which nobody is connected to: the same data for each round."""
        name = self._new_name(service)
        await clone_database(self.postgres_admin_url, template, name)
        return ServiceDatabase.at(self.postgres_admin_url, service, self._passwords, name)

    async def drop(self, database: ServiceDatabase) -> None:
        """Removes it, whoever is still connected."""
        await drop_database(self.postgres_admin_url, database.name)
        self._made.remove(database.name)

    async def postgres_version(self) -> str:
        """As the server tells it."""
        connection = await asyncpg.connect(self.postgres_admin_url, timeout=_START_SECONDS)
        try:
            return str(await connection.fetchval("SHOW server_version"))
        finally:
            await connection.close()

    @property
    def postgres_started(self) -> bool:
        """Whether somebody has asked for it."""
        return "postgres_admin_url" in self.__dict__

    def postgres_cpu_seconds(self) -> float:
        """All of the server's processes; 0 for a server that is not ours."""
        return server_cpu_seconds(self._postgres.pid)

    def kafka_cpu_seconds(self) -> float:
        """The broker's; 0 for one that is not ours."""
        return server_cpu_seconds(self._kafka.pid)

    async def close(self) -> None:
        """Ends what was started here, and removes the run's databases from a server that goes on."""
        if os.environ.get("CARPASS_POSTGRES_URL"):
            for name in self._made:
                await drop_database(self.postgres_admin_url, name)
        self._postgres.kill()
        self._kafka.kill()

    async def _migrated(self, service: str) -> str:
        admin_url = await asyncio.to_thread(lambda: self.postgres_admin_url)
        name = self._new_name(service)
        made = await provision_as(admin_url, service, self._passwords, database=name)
        await upgrade(made.owner_url, migrations_dir(service))
        return name

    def _new_name(self, service: str) -> str:
        self._made.append(f"{self._prefix}_{service}_{len(self._made)}")
        return self._made[-1]
