"""Databases for tests: each service is migrated once per test run, and copied for each test."""

import asyncio
import fcntl
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import asyncpg

from chassis.db import Database
from chassis.provision import (
    RolePasswords,
    ServiceDatabase,
    clone_database,
    drop_database,
    provision_as,
)

type ServiceDatabaseFactory = Callable[[str], Awaitable[ServiceDatabase]]
"""`await service_database("owners")`: a migrated, empty database of that service, dropped after the test."""

_REPOSITORY = Path(__file__).parents[2]
# Roles belong to the whole server, which runs of several people may share: the same passwords for all.
_PASSWORDS = RolePasswords(owner="test-owner", api="test-api", worker="test-worker")


class TestDatabases:
    """Makes and drops the databases of one test run on the server of `admin_url`."""

    __test__ = False

    def __init__(self, admin_url: str, run_dir: Path) -> None:
        self._admin_url = admin_url
        self._run_dir = run_dir
        self._prefix = database_prefix(run_dir)

    async def create(self, service: str, migrations_dir: Path | None = None) -> ServiceDatabase:
        """A copy of the service's migrated template, which the first call of the run makes."""
        template = f"{self._prefix}{service}"
        async with self._locked(service):
            marker = self._run_dir / f"template-{service}"
            if not marker.exists():
                await self._make_template(service, template, migrations_dir)
                marker.touch()
        name = f"{template}_{secrets.token_hex(4)}"
        await clone_database(self._admin_url, template, name)
        return ServiceDatabase.at(self._admin_url, service, _PASSWORDS, name)

    async def drop(self, database: ServiceDatabase) -> None:
        """Remove it, whoever is still connected."""
        await drop_database(self._admin_url, database.name)

    async def _make_template(self, service: str, template: str, migrations_dir: Path | None) -> None:
        from chassis.migrate import upgrade  # noqa: PLC0415 -- slow to import, and unit tests need no database

        await drop_database(self._admin_url, template)
        made = await provision_as(self._admin_url, service, _PASSWORDS, database=template)
        await upgrade(made.owner_url, migrations_dir or _REPOSITORY / "services" / service / "migrations")

    @asynccontextmanager
    async def _locked(self, service: str) -> AsyncIterator[None]:
        with (self._run_dir / f"template-{service}.lock").open("w") as lock:
            await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
            yield


def connected(urls: ServiceDatabase, *, pool_size: int) -> tuple[Database, Database, Database]:
    """As the API, as a worker, as the owner. A machine on which a connection is waited for long is no fault."""
    api, worker, owner = (
        Database(url, pool_size=pool_size, application_name="test", acquire_timeout=timedelta(seconds=60))
        for url in (urls.api_url, urls.worker_url, urls.owner_url)
    )
    return api, worker, owner


def database_prefix(run_dir: Path) -> str:
    """What the names of a run's databases begin with."""
    return f"test_{run_dir.name.rpartition('-')[2]}_"


async def drop_databases_of_run(admin_url: str, run_dir: Path) -> None:
    """Remove every database of the run from a server that outlives it."""
    admin = await asyncpg.connect(admin_url, timeout=60)
    try:
        names = await admin.fetch(
            "SELECT datname FROM pg_database WHERE starts_with(datname, $1)", database_prefix(run_dir)
        )
    finally:
        await admin.close()
    for row in names:
        await drop_database(admin_url, row["datname"])
