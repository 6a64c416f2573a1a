from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from chassis.provision import ServiceDatabase
from tests.support.databases import ServiceDatabaseFactory, TestDatabases
from tests.support.servers import RunServers, make_run_dir

# A busy machine is no finding: neither a slow example nor slow data may fail a property.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

ON_ONE_STACK = "tests/e2e/"

_SERVERS = pytest.StashKey[RunServers]()


def pytest_configure(config: pytest.Config) -> None:
    given: dict[str, str] | None = getattr(config, "workerinput", None)
    config.stash[_SERVERS] = RunServers(Path(given["carpass_run_dir"]) if given else make_run_dir())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker where the run's servers are."""
    node.workerinput["carpass_run_dir"] = str(node.config.stash[_SERVERS].run_dir)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.stash[_SERVERS].end()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Each test to whichever worker is free, except that those on the one stack stay together."""
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # noqa: PLC0415 -- a plugin

    class OneStack(LoadScopeScheduling):  # type: ignore[misc]  # the plugin ships no types
        # Not by the mark xdist_group: xdist 3.8 writes it where pytest 9.2 no longer looks, and groups nothing.
        def _split_scope(self, nodeid: str) -> str:
            return ON_ONE_STACK if nodeid.startswith((ON_ONE_STACK, "tests/containers/")) else nodeid

    return OneStack(config, log) if config.getoption("dist") == "load" else None


@pytest.fixture(scope="session")
def postgres_admin_url(pytestconfig: pytest.Config) -> str:
    """Superuser URL of a real PostgreSQL 18, one for the whole test run."""
    return pytestconfig.stash[_SERVERS].postgres_admin_url()


@pytest.fixture(scope="session")
def kafka_bootstrap(pytestconfig: pytest.Config) -> str:
    """`host:port` of a real Apache Kafka, one for the whole test run."""
    return pytestconfig.stash[_SERVERS].kafka_bootstrap()


@pytest.fixture(scope="session")
def stack_dir(pytestconfig: pytest.Config) -> Path:
    """Where a whole stack may keep its state; it ends and goes with the test run."""
    return pytestconfig.stash[_SERVERS].stack_dir()


@pytest.fixture(scope="session")
def compose_project(pytestconfig: pytest.Config) -> str:
    """The name under which `docker compose up` may run; it ends and goes with the test run."""
    return pytestconfig.stash[_SERVERS].compose_project()


@pytest.fixture(scope="session")
def test_databases(postgres_admin_url: str, pytestconfig: pytest.Config) -> TestDatabases:
    """Makes migrated databases; `service_database` also drops them."""
    return TestDatabases(postgres_admin_url, pytestconfig.stash[_SERVERS].run_dir)


@pytest.fixture
async def service_database(test_databases: TestDatabases) -> AsyncIterator[ServiceDatabaseFactory]:
    """`await service_database("owners")`: a migrated database with the service's three roles, for one test."""
    made: list[ServiceDatabase] = []

    async def create(service: str) -> ServiceDatabase:
        made.append(await test_databases.create(service))
        return made[-1]

    yield create
    for database in made:
        await test_databases.drop(database)
