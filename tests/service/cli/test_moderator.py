"""One command names a moderator in every service that has moderators."""

from uuid import uuid4

import asyncpg
import pytest

from chassis.provision import ServiceDatabase
from cli.stack.plan import SERVICES
from tests.service.cli.conftest import Invoke
from tests.support.databases import ServiceDatabaseFactory

MODERATED = ("sto", "owners")


@pytest.fixture
async def databases(
    service_database: ServiceDatabaseFactory, monkeypatch: pytest.MonkeyPatch
) -> dict[str, ServiceDatabase]:
    """Those with moderators, named by the environment; the others are named and not asked."""
    monkeypatch.setenv("CARPASS_KAFKA_BOOTSTRAP", "127.0.0.1:1")
    made = {service: await service_database(service) for service in MODERATED}
    for service in SERVICES:
        url = made[service].owner_url if service in made else "postgresql://nobody@127.0.0.1:1/none"
        monkeypatch.setenv(f"CARPASS_{service.upper()}_DATABASE_URL", url)
    return made


async def moderators(databases: dict[str, ServiceDatabase]) -> dict[str, list[str]]:
    found = {}
    for service, database in databases.items():
        connection = await asyncpg.connect(database.owner_url)
        found[service] = [str(row["user_id"]) for row in await connection.fetch("SELECT user_id FROM moderator")]
        await connection.close()
    return found


async def test_moderator_is_named_and_dismissed_in_both_services(
    carpass: Invoke, databases: dict[str, ServiceDatabase]
) -> None:
    person = str(uuid4())
    for said in ("is a moderator now", "was a moderator already"):
        result = await carpass("moderator", "add", person)
        assert result.exit_code == 0, result.output
        assert result.stdout.splitlines() == [f"{service}: {person} {said}" for service in MODERATED]
        assert await moderators(databases) == {"sto": [person], "owners": [person]}
    listed = await carpass("moderator", "list")
    assert [line.split("  ")[0] for line in listed.stdout.splitlines()] == [f"{name}: {person}" for name in MODERATED]
    assert (await carpass("moderator", "remove", person)).exit_code == 0
    assert await moderators(databases) == {"sto": [], "owners": []}


@pytest.mark.parametrize("away", MODERATED)
async def test_when_one_service_fails_it_says_so_and_a_repetition_completes_it(
    carpass: Invoke, databases: dict[str, ServiceDatabase], monkeypatch: pytest.MonkeyPatch, away: str
) -> None:
    person, variable = str(uuid4()), f"CARPASS_{away.upper()}_DATABASE_URL"
    other = next(service for service in MODERATED if service != away)
    with monkeypatch.context() as patched:
        patched.setenv(variable, databases[away].owner_url + "_that_is_not_there")
        result = await carpass("moderator", "add", person)
    assert result.exit_code == 1
    assert f"{away}: failed: " in result.stderr
    assert f"{away} failed, {other} did it: repeat the command" in result.stderr
    assert await moderators(databases) == {away: [], other: [person]}
    assert (await carpass("moderator", "add", person)).exit_code == 0
    assert await moderators(databases) == {"sto": [person], "owners": [person]}


async def test_what_is_no_user_id_reaches_no_service(carpass: Invoke, databases: dict[str, ServiceDatabase]) -> None:
    assert (await carpass("moderator", "add", "anna")).exit_code == 2
    assert await moderators(databases) == {"sto": [], "owners": []}
