"""The images, and docker-compose.yml as operations run it: only under `carpass test --docker`."""

import os
from pathlib import Path

import pytest

from cli.commands.test import DOCKER
from tests.containers.installation import Installation

STARTING = 1200
"""Seconds that a test may take which builds all images and starts all containers, on a busy machine."""

collect_ignore_glob = [] if os.environ.get(DOCKER) else ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whichever of these tests comes first starts the installation."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(STARTING))


@pytest.fixture(scope="session")
def installation(compose_project: str) -> Installation:
    """All containers are healthy; they go with the run, and their data with them."""
    started = Installation(compose_project)
    started.up()
    return started
