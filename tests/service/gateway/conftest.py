from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from chassis.auth import LocalKeys
from gateway.routing import UPSTREAMS, Upstream
from tests.service.gateway.edges import KID, Client, Edge, StartGateway, token
from tests.service.gateway.upstreams import FakeService, Services, free_port


@pytest.fixture(scope="session", autouse=True)
def traced() -> None:
    """As in production; there can be only one provider in a process."""
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        trace.set_tracer_provider(TracerProvider())


@pytest.fixture(scope="session")
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


@pytest.fixture(scope="session")
async def running_services() -> AsyncIterator[Services]:
    async with AsyncExitStack() as stack:
        yield {upstream: await stack.enter_async_context(FakeService(free_port())) for upstream in UPSTREAMS}


@pytest.fixture
async def services(running_services: Services) -> Services:
    for service in running_services.values():
        await service.begin_anew()
    return running_services


PATIENT = {
    "deadlines": {"read": 60, "command": 60},
    "connect_timeout": 30,
    "connect_patience": 60,
    "client_header_timeout": 60,
    "client_body_timeout": 60,
    "client_write_timeout": 60,
}
"""A machine that is busy for a moment is no fault: what a test wants to be over soon, it says."""


def edge_before(services: Services, key: Ed25519PrivateKey, state: Path, **settings: object) -> Edge:
    urls = {f"upstream_{upstream}_url": services[upstream].url for upstream in UPSTREAMS}
    known = LocalKeys({KID: key.public_key()})
    return Edge({"state_dir": state, "http_port": 0, **urls, **PATIENT, **settings}, known)


SOMETHING_OF: dict[Upstream, str] = {
    "owners": "/v1/me",
    "sto": "/v1/car-links",
    "workorders": "/v1/work-orders",
    "trust": "/v1/audit",
    "notifier": "/v1/notifications",
}


@pytest.fixture(params=["stranger", "regular"])
def visit(request: pytest.FixtureRequest) -> str:
    """A regular's token is known and connections are kept, so that requests may go the short way."""
    return str(request.param)


async def make_regular(edge: Edge, services: Services, bearer: dict[str, str], upstreams: Iterable[Upstream]) -> None:
    async with Client(edge.url, headers=bearer) as client:
        for upstream in upstreams:
            assert (await client.get(SOMETHING_OF[upstream])).status == 200
            services[upstream].seen.clear()


@pytest.fixture
async def start_gateway(
    services: Services, key: Ed25519PrivateKey, bearer: dict[str, str], visit: str, tmp_path: Path
) -> AsyncIterator[StartGateway]:
    """A gateway of the test's own, with other settings or to be stopped."""
    async with AsyncExitStack() as stack:

        async def start(**settings: object) -> Edge:
            edge = await stack.enter_async_context(edge_before(services, key, tmp_path, **settings))
            if visit == "regular":
                reached = [one for one in UPSTREAMS if f"upstream_{one}_url" not in settings]
                await make_regular(edge, services, bearer, reached)
            return edge

        yield start


@pytest.fixture(scope="session")
async def shared_gateway(
    running_services: Services, key: Ed25519PrivateKey, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Edge]:
    async with edge_before(running_services, key, tmp_path_factory.mktemp("gateway")) as edge:
        yield edge


@pytest.fixture
def gateway(shared_gateway: Edge, services: Services) -> Edge:
    """A gateway with default settings before services that were reset."""
    assert services
    return shared_gateway


@pytest.fixture
def bearer(key: Ed25519PrivateKey) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(key)}"}


@pytest.fixture
async def client(gateway: Edge, services: Services, bearer: dict[str, str], visit: str) -> AsyncIterator[Client]:
    if visit == "regular":
        await make_regular(gateway, services, bearer, UPSTREAMS)
    async with Client(gateway.url) as connected:
        yield connected
