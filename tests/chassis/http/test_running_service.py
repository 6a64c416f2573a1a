"""Roles as real processes: start, readiness, shutdown, exit codes."""

import asyncio
import socket
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from chassis.db import Database, Transaction
from chassis.provision import ServiceDatabase
from tests.chassis.http.people import Person
from tests.chassis.http.running import running
from tests.support.eventually import eventually


async def test_request_in_flight_is_answered_before_the_process_ends(
    environment: dict[str, str], own_database: ServiceDatabase, person: Person, tmp_path: Path
) -> None:
    owner = Database(own_database.owner_url, pool_size=1, application_name="test-owner")
    async with running(environment, tmp_path, "api") as api, api.client() as client:
        async with owner.transaction() as tx:
            await tx.execute(text("LOCK TABLE thing IN EXCLUSIVE MODE"))
            sent = asyncio.create_task(client.post("/v1/things", json={"name": "anvil"}, headers=person.acting()))
            await eventually(lambda: _somebody_waits(tx))
            api.process.terminate()
            await eventually(lambda: _refused(str(client.base_url)))
        answer = await sent
        assert answer.status_code == 201
        assert await api.exit_code() == 0
        assert api.errors == []
    async with owner.transaction() as tx:
        assert (await tx.execute(text("SELECT name FROM thing"))).scalars().all() == ["anvil"]
    await owner.dispose()


async def _somebody_waits(tx: Transaction) -> bool:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'thing'::regclass")
    return bool((await tx.execute(waiting)).scalar_one())


async def _refused(address: str) -> bool:
    try:
        async with httpx.AsyncClient(base_url=address) as newcomer:
            await newcomer.get("/livez")
    except httpx.ConnectError:
        return True
    return False


async def test_process_told_to_stop_is_unready_and_still_serves_for_a_moment(
    environment: dict[str, str], person: Person, tmp_path: Path
) -> None:
    environment |= {"CARPASS_SHUTDOWN_ANNOUNCE": "20", "CARPASS_SHUTDOWN_GRACE": "1"}
    async with running(environment, tmp_path, "api") as api, api.client() as client:
        before = await client.get("/v1/things", headers=person.headers)
        assert before.status_code == 200
        assert "Connection" not in before.headers
        api.process.terminate()

        async def unready() -> bool:
            return (await client.get("/readyz")).status_code == 503

        await eventually(unready)
        served = await client.get("/v1/things", headers=person.headers)
        assert served.status_code == 200
        assert served.headers["Connection"] == "close"


async def test_database_behind_the_code_makes_the_process_unready_not_dead(
    environment: dict[str, str], own_database: ServiceDatabase, tmp_path: Path
) -> None:
    owner = Database(own_database.owner_url, pool_size=1, application_name="test-owner")
    async with owner.transaction() as tx:
        await tx.execute(text("DELETE FROM alembic_version"))
    async with (
        running(environment, tmp_path, "api") as api,
        httpx.AsyncClient(base_url=await api.address()) as client,
    ):
        answer = await client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json() == {"ready": False, "unready": {"database": "at migration None, needs 0001"}}
        assert (await client.get("/livez")).status_code == 200
        async with owner.transaction() as tx:
            await tx.execute(text("INSERT INTO alembic_version VALUES ('9999_of_a_newer_release')"))
        assert (await client.get("/readyz")).status_code == 200
    await owner.dispose()


async def test_migrate_brings_an_empty_database_to_the_newest_revision(
    environment: dict[str, str], own_database: ServiceDatabase, tmp_path: Path
) -> None:
    owner = Database(own_database.owner_url, pool_size=1, application_name="test-owner")
    async with owner.transaction() as tx:
        await tx.execute(text("DROP SCHEMA public CASCADE"))
        await tx.execute(text("CREATE SCHEMA public"))
    for _ in range(2):  # the second time there is nothing to do
        async with running(environment, tmp_path, "migrate") as migrating:
            assert await migrating.exit_code() == 0
    async with owner.transaction() as tx:
        assert (await tx.execute(text("SELECT version_num FROM alembic_version"))).scalar_one() == "0001"
    await owner.dispose()


async def test_worker_ends_for_its_supervisor_when_kafka_stays_away(
    environment: dict[str, str], tmp_path: Path
) -> None:
    async with running(environment | {"CARPASS_CONSUMER_PATIENCE": "2"}, tmp_path, "worker") as worker:
        async with httpx.AsyncClient(base_url=await worker.address()) as client:
            unready = (await client.get("/readyz")).json()["unready"]
        assert await worker.exit_code() == 1
    assert unready == {"consumer": "has not joined its group"}
    assert [line["part"] for line in worker.errors if "part" in line] == ["consumer"]


async def test_port_in_use_is_told_in_one_sentence(environment: dict[str, str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environment["CARPASS_HTTP_PORT"] = str(taken.getsockname()[1])
        async with running(environment, tmp_path, "api") as api:
            assert await api.exit_code() == 1
    (error,) = api.errors
    assert error["event"] == "cannot start"
    assert "ddress already in use" in error["error"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "usage: python -m things api | worker | relay | all | migrate | topics | dlt | greet"),
        (("fly",), "usage: python -m things api | worker | relay | all | migrate | topics | dlt | greet"),
        (("api", "--fast"), "usage: python -m things api | worker | relay | all | migrate | topics | dlt | greet"),
        (("api",), "CARPASS_DATABASE_API_URL is not set, and this role needs it"),
        (("worker",), "CARPASS_DATABASE_WORKER_URL is not set, and this role needs it"),
        (("migrate",), "CARPASS_DATABASE_OWNER_URL is not set, and this role needs it"),
    ],
)
async def test_wrong_start_is_refused_in_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    async with running({}, tmp_path, *arguments) as process:
        assert await process.exit_code() == 2
    assert process.output.read_text().splitlines()[-1] == sentence


async def test_services_own_command_gets_its_arguments(tmp_path: Path) -> None:
    async with running({}, tmp_path, "greet", "one", "two", "three") as process:
        assert await process.exit_code() == 3
