from collections.abc import AsyncIterator

import httpx
import pytest

from chassis.clock import FixedClock
from tests.service.workorders.garage import NOW, Garage
from tests.support.databases import ServiceDatabaseFactory, connected
from tests.support.people import PUBLIC_KEYS
from workorders.settings import WorkordersSettings
from workorders.wiring import service


@pytest.fixture
async def empty_garage(service_database: ServiceDatabaseFactory) -> AsyncIterator[Garage]:
    """Nobody has told the service anything yet. It waits for read models for a moment only."""
    urls = await service_database("workorders")
    clock = FixedClock(NOW)
    settings = WorkordersSettings(database_worker_url=urls.worker_url, read_model_patience=0.05)
    made = service(settings, clock=clock, keys=PUBLIC_KEYS)
    api, worker, owner = connected(urls, pool_size=8)
    transport = httpx.ASGITransport(app=made.build_app(api))
    async with httpx.AsyncClient(transport=transport, base_url="http://workorders") as client:
        yield Garage(made, api, worker, owner, client, clock)
    for database in (api, worker, owner):
        await database.dispose()


@pytest.fixture
async def garage(empty_garage: Garage) -> Garage:
    """The usual world: an approved center, everybody employed, the car shared and linked."""
    await empty_garage.set_up()
    return empty_garage
