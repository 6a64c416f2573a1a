from collections.abc import AsyncIterator

import asyncpg
import pytest

from bench.baselines.attesting import attest
from bench.harness import invariants
from bench.harness.workload import Completion, completions, register_cars
from chassis.consuming import apply_batch, raw_record
from chassis.db import Database
from chassis.provision import ServiceDatabase
from owners.consumers import subscriptions
from tests.support.databases import ServiceDatabaseFactory

ORDERS, CARS = 60, 20


@pytest.fixture
def orders() -> list[Completion]:
    return list(completions(ORDERS, CARS))


@pytest.fixture
async def by_hand(service_database: ServiceDatabaseFactory) -> AsyncIterator[asyncpg.Connection]:
    database = await service_database("owners")
    await _register(database)
    connection = await asyncpg.connect(database.owner_url)
    yield connection
    await connection.close()


@pytest.fixture
async def product(
    service_database: ServiceDatabaseFactory,
) -> AsyncIterator[tuple[Database, asyncpg.Connection]]:
    urls = await service_database("owners")
    await _register(urls)
    database = Database(urls.worker_url, pool_size=1, application_name="test")
    connection = await asyncpg.connect(urls.owner_url)
    yield database, connection
    await connection.close()
    await database.dispose()


async def _register(database: ServiceDatabase) -> None:
    connection = await asyncpg.connect(database.owner_url)
    await register_cars(connection, CARS)
    await connection.close()


async def _apply(database: Database, orders: list[Completion]) -> None:
    await apply_batch(database, subscriptions, [raw_record(each.event, id=each.event_id) for each in orders])


async def test_baseline_and_product_write_the_same_rows_however_they_are_cut_into_batches(
    by_hand: asyncpg.Connection, product: tuple[Database, asyncpg.Connection], orders: list[Completion]
) -> None:
    database, look = product
    for start in range(0, ORDERS, 25):
        await attest(by_hand, "owners", [(each.event_id, each.event) for each in orders[start : start + 25]])
    for start in range(0, ORDERS, 35):
        await _apply(database, orders[start : start + 35])
    assert await invariants.of_owners(by_hand, ORDERS) == []
    assert await invariants.of_owners(look, ORDERS) == []
    assert await invariants.digest(by_hand) == await invariants.digest(look)


async def test_what_comes_again_changes_nothing_on_either_side(
    by_hand: asyncpg.Connection, product: tuple[Database, asyncpg.Connection], orders: list[Completion]
) -> None:
    database, look = product
    for _ in range(2):
        await attest(by_hand, "owners", [(each.event_id, each.event) for each in orders])
        await _apply(database, orders)
    assert await invariants.of_owners(by_hand, ORDERS) == []
    assert await invariants.of_owners(look, ORDERS) == []


@pytest.mark.parametrize(
    ("spoiling", "finding"),
    [
        ("DELETE FROM inbox WHERE event_id = (SELECT event_id FROM inbox LIMIT 1)", "the inbox holds 59 of 60"),
        ("DELETE FROM outbox WHERE id = (SELECT id FROM outbox WHERE topic = 'owners.record' LIMIT 1)", "published"),
        ("UPDATE car SET last_ok_reading_id = NULL WHERE id = (SELECT id FROM car LIMIT 1)", "last good reading"),
        ("UPDATE car SET identity_confirmed = false WHERE id = (SELECT id FROM car LIMIT 1)", "identity"),
        ("UPDATE odometer_reading SET verdict = 'suspect'", "last good reading"),
    ],
)
async def test_what_is_lost_or_wrong_is_found(
    product: tuple[Database, asyncpg.Connection], orders: list[Completion], spoiling: str, finding: str
) -> None:
    database, look = product
    await _apply(database, orders)
    await look.execute(spoiling)
    broken = await invariants.of_owners(look, ORDERS)
    assert len(broken) == 1
    assert finding in broken[0]
