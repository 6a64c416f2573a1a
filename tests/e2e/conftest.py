"""One stack for all end-to-end tests of a run, every role of every service a process of its own."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cli.client.gateway import Gateway
from cli.stack.stack import Stack
from tests.e2e.playing import PATIENCE

STARTING = 420
"""Seconds that a test may take which starts a stack, on a machine that does other things as well."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whichever of these tests comes first starts the stack."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(STARTING))


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Started by the first test that needs it, ended and removed with the run."""
    folder = Path(tempfile.mkdtemp(prefix="carpass-e2e-"))
    folder.chmod(0o711)  # PostgreSQL, as a user of its own, must pass through
    started = Stack(folder / "state", split=True, deadline=STARTING)
    try:
        started.start()
        yield started
    finally:
        started.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
async def gateway(stack: Stack) -> AsyncIterator[Gateway]:
    """A client for whoever a test signs in."""
    async with Gateway(stack.gateway_url, patience=PATIENCE) as entered:
        yield entered
