"""One stack for all end-to-end tests of a run, every role of every service a process of its own.

Every service has a PostgreSQL of its own, and proxies stand before the servers, where faults can strike. Its
deadlines are short, and it is watched over as `up` does: what ends by itself is started again.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cli.client.gateway import Gateway
from cli.stack.plan import EVERY_PART, GATEWAY, part_names
from cli.stack.stack import Stack
from tests.e2e.faults import Faults, armed_points
from tests.e2e.playing import PATIENCE

STARTING = 420
"""Seconds that a test may take which starts a stack, on a machine that does other things as well."""

DEADLINES = {
    "CARPASS_CONSUMER_SESSION_TIMEOUT": "4",
    "CARPASS_CONSUMER_PATIENCE": "10",
    "CARPASS_RELAY_ACK_TIMEOUT": "3",
    "CARPASS_DB_ACQUIRE_TIMEOUT": "10",  # what has piled up for a service that starts again comes all at once
    "CARPASS_TELEGRAM_TIMEOUT": "3",
    "CARPASS_TELEGRAM_POLL": "2",
    "CARPASS_SENDING_LEASE": "8",
}
# A service that starts again on a busy machine takes longer than the 2 s that the gateway waits for it elsewhere.
GATEWAY_DEADLINES = {"CARPASS_CONNECT_PATIENCE": "15", "CARPASS_DEADLINES": '{"read": 15, "command": 15}'}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whichever of these tests comes first starts the stack."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(STARTING))


@pytest.fixture(scope="session")
def stack(stack_dir: Path) -> Iterator[Stack]:
    """Started by the first test that needs it, ended and removed with the run."""
    points = {part: armed_points(stack_dir, part) for part in part_names(split=True)}
    for folder in points.values():
        folder.mkdir(parents=True)
    environment = {part: {"CARPASS_CRASH_POINTS": str(folder)} for part, folder in points.items()}
    environment[EVERY_PART] = DEADLINES
    environment[GATEWAY] |= GATEWAY_DEADLINES
    started = Stack(
        stack_dir,
        split=True,
        proxied=True,
        postgres_per_service=True,
        environment=environment,
        deadline=STARTING,
    )
    with pytest.MonkeyPatch.context() as patched:
        for given in ("CARPASS_POSTGRES_URL", "CARPASS_KAFKA_BOOTSTRAP"):
            patched.delenv(given, raising=False)  # tests kill the stack's servers
        started.start()
    started.watch()
    yield started
    started.stop()


@pytest.fixture(scope="session")
async def gateway(stack: Stack) -> AsyncIterator[Gateway]:
    """A client for whoever a test signs in."""
    async with Gateway(stack.gateway_url, patience=PATIENCE) as entered:
        yield entered


@pytest.fixture
async def faults(stack: Stack) -> AsyncIterator[Faults]:
    """Ends and holds parts of the stack; after the test everything is there again."""
    made = Faults(stack)
    yield made
    await made.undo()
