"""A database that is there and has no time: a lock that somebody keeps, a pool that is exhausted."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from chassis.db import Database
from chassis.provision import ServiceDatabase
from tests.chassis.http.people import Person
from tests.support.eventually import eventually

POOL = 2


@pytest.fixture
async def database(things_database: ServiceDatabase) -> AsyncIterator[Database]:
    """A small pool in a hurry."""
    database = Database(
        things_database.api_url,
        pool_size=POOL,
        application_name="test-hurried",
        statement_timeout=timedelta(seconds=0.5),
        acquire_timeout=timedelta(seconds=0.2),
    )
    yield database
    await database.dispose()


def assert_told_to_come_back(answer: httpx.Response) -> None:
    assert answer.status_code == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) > 0


async def names(owner: Database, person: Person) -> list[str]:
    async with owner.transaction() as tx:
        found = await tx.execute(text("SELECT name FROM thing WHERE owner_id = :id"), {"id": person.user_id})
        return list(found.scalars())


async def test_a_lock_that_is_kept_is_told_as_503_and_leaves_nothing_half_done(
    client: httpx.AsyncClient, person: Person, owner: Database
) -> None:
    headers = person.acting()
    async with owner.transaction() as tx:
        # Where the answer is stored: behind the effect, in its transaction.
        await tx.execute(text("LOCK TABLE idempotency_key IN EXCLUSIVE MODE"))
        assert_told_to_come_back(await client.post("/v1/things", json={"name": "anvil"}, headers=headers))
        assert (await client.get("/v1/things", headers=person.headers)).status_code == 200
        assert await names(owner, person) == []
    again = await client.post("/v1/things", json={"name": "anvil"}, headers=headers)
    assert again.status_code == 201
    assert "Idempotency-Replayed" not in again.headers
    assert await names(owner, person) == ["anvil"]


async def test_an_exhausted_pool_is_told_as_503_and_recovers(
    client: httpx.AsyncClient, person: Person, owner: Database, database: Database
) -> None:
    acting = [person.acting() for _ in range(POOL + 3)]
    async with database.transaction(), database.transaction():
        refused = await asyncio.gather(
            *(client.post("/v1/things", json={"name": "anvil"}, headers=headers) for headers in acting)
        )
    for answer in refused:
        assert_told_to_come_back(answer)
    assert await names(owner, person) == []

    for headers in acting:
        assert (await client.post("/v1/things", json={"name": "anvil"}, headers=headers)).status_code == 201
    assert await names(owner, person) == ["anvil"] * len(acting)
    await eventually(lambda: database.in_use == 0)
