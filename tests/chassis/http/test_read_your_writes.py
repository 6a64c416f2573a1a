import asyncio
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from chassis.db import Database
from chassis.http.patience import Patience
from chassis.progress import forget_member, write_progress
from chassis.settings import ServiceSettings
from tests.chassis.http.people import Person
from tests.support.eventually import eventually


async def _permit(owner: Database, thing_id: UUID) -> None:
    async with owner.transaction() as tx:
        await tx.execute(text("INSERT INTO permit VALUES (:id)"), {"id": thing_id})


def _patience(app: FastAPI) -> Patience:
    patience: Patience = app.state.chassis.patience
    return patience


async def test_command_succeeds_when_the_event_arrives_meanwhile(
    app: FastAPI, client: httpx.AsyncClient, person: Person, owner: Database
) -> None:
    thing_id = uuid4()
    asked = asyncio.create_task(client.post(f"/v1/things/{thing_id}/approval", headers=person.acting()))
    await eventually(lambda: _patience(app).waiters == 1)
    await _permit(owner, thing_id)
    assert (await asked).status_code == 204
    assert _patience(app).waiters == 0


async def test_command_that_a_domain_error_refuses_succeeds_when_the_event_arrives_meanwhile(
    app: FastAPI, client: httpx.AsyncClient, person: Person, owner: Database
) -> None:
    thing_id = uuid4()
    asked = asyncio.create_task(client.post(f"/v1/things/{thing_id}/endorsement", headers=person.acting()))
    await eventually(lambda: _patience(app).waiters == 1)
    await _permit(owner, thing_id)
    assert (await asked).status_code == 204


class TestWithLittlePatience:
    @pytest.fixture
    def settings(self) -> ServiceSettings:
        return ServiceSettings(read_model_patience=0.3)

    async def test_command_is_refused_when_the_event_never_arrives(
        self, client: httpx.AsyncClient, person: Person
    ) -> None:
        answer = await client.post(f"/v1/things/{uuid4()}/approval", headers=person.acting())
        assert answer.status_code == 404
        assert answer.json()["type"] == "urn:carpass:problem:not-found"

    async def test_refused_command_leaves_its_key_free(
        self, client: httpx.AsyncClient, person: Person, owner: Database
    ) -> None:
        thing_id, headers = uuid4(), person.acting()
        assert (await client.post(f"/v1/things/{thing_id}/approval", headers=headers)).status_code == 404
        await _permit(owner, thing_id)
        assert (await client.post(f"/v1/things/{thing_id}/approval", headers=headers)).status_code == 204


class TestWithMuchPatience:
    @pytest.fixture
    def settings(self) -> ServiceSettings:
        return ServiceSettings(read_model_patience=60, read_model_waiters=3)

    async def test_waiting_commands_hold_no_connection(
        self, app: FastAPI, client: httpx.AsyncClient, person: Person, owner: Database, database: Database
    ) -> None:
        thing_ids = [uuid4() for _ in range(3)]
        asked = [
            asyncio.create_task(client.post(f"/v1/things/{thing_id}/approval", headers=person.acting()))
            for thing_id in thing_ids
        ]
        await eventually(lambda: _patience(app).waiters == 3)
        # Each looks again now and then; between two looks all of the pool is free.
        await eventually(lambda: database.in_use == 0)
        assert _patience(app).waiters == 3
        for thing_id in thing_ids:
            await _permit(owner, thing_id)
        assert {(await answer).status_code for answer in asked} == {204}

    async def test_one_waiter_too_many_is_told_to_come_back(
        self, app: FastAPI, client: httpx.AsyncClient, person: Person, owner: Database
    ) -> None:
        thing_id = uuid4()
        asked = [
            asyncio.create_task(client.post(f"/v1/things/{thing_id}/approval", headers=person.acting()))
            for _ in range(3)
        ]
        await eventually(lambda: _patience(app).waiters == 3)
        refused = await client.post(f"/v1/things/{uuid4()}/approval", headers=person.acting())
        assert refused.status_code == 503
        assert refused.headers["Retry-After"] == "1"
        await _permit(owner, thing_id)
        assert {(await answer).status_code for answer in asked} == {204}

    async def test_command_is_told_to_come_back_when_the_consumer_is_known_to_lag_further(
        self, client: httpx.AsyncClient, person: Person, owner: Database
    ) -> None:
        async with owner.transaction() as tx:
            await write_progress(tx, "things", "worker-1", lag_seconds=61)
        answer = await client.post(f"/v1/things/{uuid4()}/approval", headers=person.acting())
        async with owner.transaction() as tx:
            await forget_member(tx, "things", "worker-1")
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "1"

    async def test_refusal_of_another_kind_does_not_wait(self, client: httpx.AsyncClient, person: Person) -> None:
        async with asyncio.timeout(60):
            answer = await client.patch(
                f"/v1/things/{uuid4()}", json={"name": "a"}, headers={**person.headers, "If-Match": '"1"'}
            )
        assert answer.status_code == 404
