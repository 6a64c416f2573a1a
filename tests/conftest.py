from pathlib import Path
from typing import Any

import pytest

from tests.support.servers import RunServers, make_run_dir

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


@pytest.fixture(scope="session")
def postgres_admin_url(pytestconfig: pytest.Config) -> str:
    """Superuser URL of a real PostgreSQL 18, one for the whole test run."""
    return pytestconfig.stash[_SERVERS].postgres_admin_url()


@pytest.fixture(scope="session")
def kafka_bootstrap(pytestconfig: pytest.Config) -> str:
    """`host:port` of a real Apache Kafka, one for the whole test run."""
    return pytestconfig.stash[_SERVERS].kafka_bootstrap()
