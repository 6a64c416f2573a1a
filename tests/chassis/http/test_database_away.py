from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from chassis.db import Database
from tests.chassis.http.people import Person


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    nobody_listens_there = "postgresql://things_api:x@127.0.0.1:9/things"
    database = Database(
        nobody_listens_there, pool_size=2, application_name="test", acquire_timeout=timedelta(seconds=1)
    )
    yield database
    await database.dispose()


async def test_request_is_answered_503_with_retry_after(client: httpx.AsyncClient, person: Person) -> None:
    for answer in (
        await client.get("/v1/things", headers=person.headers),
        await client.post("/v1/things", json={"name": "anvil"}, headers=person.acting()),
    ):
        assert answer.status_code == 503
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Retry-After"] == "1"
        assert answer.json()["type"] == "urn:carpass:problem:unavailable"
        assert "127.0.0.1" not in answer.text
