"""Who moderates: named by operators, outsiders to what they decide about, and strangers everywhere else."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import exc, text

from chassis.db import Database
from chassis.failures import sqlstate
from tests.service.owners.conftest import VIN, Owners, Person
from tests.service.owners.test_access import accepted, invited
from tests.service.owners.test_identity_decisions import (
    CONFIRM,
    QUEUE,
    REJECT,
    case_of,
    command,
    decide,
    disputed,
    id_of,
    look,
    named,
)
from tests.service.owners.test_transfer import handed_over

DECISION = """
    INSERT INTO identity_decision
        (id, car_id, kind, number, ruling, rival_id, moderator_id, reason, decided_at, car_version)
    SELECT :id, :car, 'vin', :vin, 'confirm', :rival, :moderator, 'x', now(), :version
"""


@pytest.mark.parametrize("role", ["owner", "rival", "manager", "viewer", "claimant", "former", "stranger"])
async def test_nobody_with_a_part_in_it_decides_and_nobody_else_but_moderators_sees_it(
    owners: Owners, role: str
) -> None:
    anna, boris, _, rival = await disputed(owners)
    people = {"owner": boris, "rival": anna, "stranger": await owners.sign_in(), "former": boris}
    if role in {"manager", "viewer"}:
        people[role] = await owners.sign_in()
        await accepted(owners, people[role], (await invited(owners, rival, boris, role))["token"])
    elif role == "claimant":
        people[role] = await owners.sign_in()
        await owners.car(people[role])
    elif role == "former":
        await handed_over(owners, rival, boris, await owners.sign_in())
    person = people[role]
    seen = await look(owners, rival)
    before = await owners.checksums()
    for answer in (
        await owners.get(QUEUE, person),
        await owners.get(case_of(rival), person),
        await owners.get(case_of(f"/v1/cars/{uuid4()}"), person),
        await decide(owners, rival, person, CONFIRM, seen=seen),
        await decide(owners, f"/v1/cars/{uuid4()}", person, CONFIRM, seen=seen),
    ):
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:carpass:problem:forbidden")
    assert await owners.checksums() == before
    await command(owners, "add", str(person.user_id))
    before = await owners.checksums()
    for body in (CONFIRM, REJECT):
        answer = await decide(owners, rival, person, body, seen=seen)
        expected = (200, None) if role == "stranger" and body is CONFIRM else (403, "urn:carpass:problem:own-identity")
        if role == "stranger" and body is REJECT:
            expected = (412, "urn:carpass:problem:stale-version")
        assert (answer.status_code, answer.json().get("type")) == expected, answer.text
    if role != "stranger":
        assert await owners.checksums() == before


async def test_moderator_sees_strangers_cars_in_moderation_only(owners: Owners) -> None:
    _, _, first, rival = await disputed(owners)
    moderator = await named(owners)
    assert await owners.listed("/v1/cars", moderator) == []
    for car in (first, rival):
        assert (await owners.get(car, moderator)).status_code == 404
        assert (await owners.get(f"{car}/service-entries", moderator)).status_code == 404
        assert (await owners.patch(car, moderator, {"plate": "MINE"}, 2)).status_code == 404


async def test_dismissed_moderator_decides_no_more(owners: Owners) -> None:
    _, _, _, rival = await disputed(owners)
    moderator = await named(owners)
    assert await command(owners, "remove", str(moderator.user_id)) == 0
    assert (await decide(owners, rival, moderator, CONFIRM)).status_code == 403
    assert await owners.rows("SELECT * FROM identity_decision") == []


async def answer(database: Database, person: Person | None, sql: str, **parameters: Any) -> Any:
    """The first value of what PostgreSQL answers, or the SQLSTATE of its refusal."""
    try:
        async with database.transaction(user_id=person.user_id if person else None) as tx:
            result = await tx.execute(text(sql), parameters)
            return result.scalar() if result.returns_rows else None
    except exc.DBAPIError as error:
        return sqlstate(error)


async def test_database_itself_lets_nobody_else_look_or_decide(owners: Owners) -> None:
    anna, boris, first, rival = await disputed(owners)
    stranger, moderator = await owners.sign_in(), await named(owners)
    version = (await owners.get(case_of(rival), moderator)).json()["version"]
    row = {"car": id_of(rival), "rival": id_of(first), "vin": VIN, "version": version + 1}
    before = await owners.checksums()
    for person in (anna, boris, stranger, None):
        mine = row | {"id": uuid4(), "moderator": person.user_id if person else moderator.user_id}
        assert await answer(owners.api, person, DECISION, **mine) == "42501"
        assert await answer(owners.api, person, "SELECT count(*) FROM claimed_car") == 0
        assert await answer(owners.api, person, "SELECT count(*) FROM lock_claimants(:car)", car=row["car"]) == 0
        assert await answer(owners.api, person, "SELECT count(*) FROM moderator") == 0
    forged = row | {"id": uuid4(), "moderator": stranger.user_id}
    assert await answer(owners.api, moderator, DECISION, **forged) == "42501"
    assert await answer(owners.api, moderator, "SELECT settle_identity(:id)", id=uuid4()) is False
    for statement in ("UPDATE car SET identity_confirmed = true", "INSERT INTO moderator VALUES (:id, now())"):
        assert await answer(owners.api, moderator, statement, id=uuid4()) == "42501"
    assert await owners.checksums() == before


async def test_decision_stays_as_it_was_made_and_settles_once(owners: Owners) -> None:
    _, _, _, rival = await disputed(owners)
    moderator = await named(owners)
    await decide(owners, rival, moderator, CONFIRM)
    [made] = await owners.rows("SELECT id FROM identity_decision")
    before = await owners.checksums()
    assert await answer(owners.api, moderator, "SELECT settle_identity(:id)", id=made.id) is False
    for database in (owners.owner, owners.api, owners.worker):
        for statement in (
            "UPDATE identity_decision SET reason = 'y'",
            "DELETE FROM identity_decision",
            "TRUNCATE identity_decision",
        ):
            assert await answer(database, moderator, statement) in {"CP001", "42501"}
    assert await owners.checksums() == before


async def test_a_wrong_call_of_the_command_changes_nothing_and_says_why(
    owners: Owners, capsys: pytest.CaptureFixture[str]
) -> None:
    moderator = await named(owners)
    capsys.readouterr()
    for arguments in ([], ["add"], ["list", "all"], ["promote", str(uuid4())], ["add", "anna"]):
        assert await command(owners, *arguments) == 2
        assert capsys.readouterr().err
    assert await command(owners, "add", str(moderator.user_id)) == 0
    assert await command(owners, "list") == 0
    said = capsys.readouterr().out
    assert f"{moderator.user_id} was a moderator already\n" in said
    assert f"{moderator.user_id}  since " in said
