from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from chassis.auth import LocalKeys
from gateway.routing import UPSTREAMS
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


@pytest.fixture
async def services() -> AsyncIterator[Services]:
    async with AsyncExitStack() as stack:
        yield {upstream: await stack.enter_async_context(FakeService(free_port())) for upstream in UPSTREAMS}


@pytest.fixture
async def start_gateway(services: Services, key: Ed25519PrivateKey, tmp_path: Path) -> AsyncIterator[StartGateway]:
    async with AsyncExitStack() as stack:

        async def start(**settings: object) -> Edge:
            urls = {f"upstream_{upstream}_url": services[upstream].url for upstream in UPSTREAMS}
            keys = LocalKeys({KID: key.public_key()})
            edge = Edge({"state_dir": tmp_path, "http_port": 0, **urls, **settings}, keys)
            return await stack.enter_async_context(edge)

        yield start


@pytest.fixture
async def gateway(start_gateway: StartGateway) -> Edge:
    return await start_gateway()


@pytest.fixture
def bearer(key: Ed25519PrivateKey) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(key)}"}


@pytest.fixture
async def client(gateway: Edge) -> AsyncIterator[Client]:
    async with Client(gateway.url) as connected:
        yield connected
