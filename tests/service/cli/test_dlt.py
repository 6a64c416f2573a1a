import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import pytest

from chassis.consuming import RawRecord, raw_record
from chassis.provision import ServiceDatabase
from cli.stack.plan import SERVICES
from contracts.owners import CarRegistered, ProfileUpdated
from contracts.workorders import WorkOrderCompleted
from tests.service.cli.conftest import Invoke
from tests.service.cli.letters import NOT_REPAIRED, Letters, letters_of
from tests.support.databases import ServiceDatabaseFactory
from tests.support.golden import golden

type Installation = dict[str, Letters]


def completed(offset: int) -> RawRecord:
    return raw_record(golden(WorkOrderCompleted, "brakes"), partition=2, offset=offset)


COMPLETED = completed(1041)
PLACE = ("workorders.workorder", 2, 1041)


@pytest.fixture
async def installation(
    service_database: ServiceDatabaseFactory, monkeypatch: pytest.MonkeyPatch, kafka_bootstrap: str
) -> AsyncIterator[Installation]:
    """All five databases, named by the environment."""
    monkeypatch.setenv("CARPASS_KAFKA_BOOTSTRAP", kafka_bootstrap)
    async with AsyncExitStack() as stack:
        made = {}
        for service in SERVICES:
            urls: ServiceDatabase = await service_database(service)
            monkeypatch.setenv(f"CARPASS_{service.upper()}_DATABASE_URL", urls.owner_url)
            made[service] = await stack.enter_async_context(letters_of(service, urls))
        yield made


async def document(carpass: Invoke, *arguments: object, code: int = 0) -> dict[str, Any]:
    result = await carpass("dlt", *arguments, "--json")
    assert result.exit_code == code, result.output
    decoded: dict[str, Any] = json.loads(result.stdout)
    return decoded


async def test_letters_of_all_services_are_listed_and_counted(carpass: Invoke, installation: Installation) -> None:
    await installation["trust"].refuse(COMPLETED)
    await installation["notifier"].refuse(COMPLETED)
    listed = await document(carpass, "list", code=1)
    assert listed["counts"] == {"owners": 0, "sto": 0, "workorders": 0, "trust": 1, "notifier": 1}
    assert {letter["service"] for letter in listed["letters"]} == {"trust", "notifier"}
    result = await carpass("dlt", "list")
    assert "trust  workorders.workorder 2 1041  workorders.workorder.completed.v1" in result.stdout
    assert f"Refuse: {NOT_REPAIRED}" in result.stdout
    assert "2 dead letters: trust 1, notifier 1." in result.stdout


async def test_no_letters_is_exit_code_0(carpass: Invoke, installation: Installation) -> None:
    assert installation
    assert (await document(carpass, "list"))["letters"] == []


async def test_letters_are_found_by_service_topic_and_error(carpass: Invoke, installation: Installation) -> None:
    trust = installation["trust"]
    await trust.refuse(COMPLETED, raw_record(golden(CarRegistered, "vin"), offset=5)._replace(value=b"{}"))
    await installation["notifier"].refuse(COMPLETED)

    async def found(*filters: str, code: int = 1) -> list[tuple[str, int]]:
        letters = (await document(carpass, "list", *filters, code=code))["letters"]
        return sorted((letter["service"], letter["offset"]) for letter in letters)

    assert await found("--service", "notifier") == [("notifier", 1041)]
    assert await found("--topic", "owners.car") == [("trust", 5)]
    assert await found("--error", "NOT REPAIRED") == [("notifier", 1041), ("trust", 1041)]
    assert await found("--error", "n_t", code=0) == []


async def test_list_says_how_many_there_are_beyond_its_limit(carpass: Invoke, installation: Installation) -> None:
    await installation["trust"].refuse(*(completed(offset) for offset in range(3)))
    result = await carpass("dlt", "list", "--limit", 2)
    assert "3 dead letters: trust 3, 2 of them shown." in result.stdout


async def test_letter_is_shown_with_its_value_only_when_asked_for(carpass: Invoke, installation: Installation) -> None:
    profile = raw_record(golden(ProfileUpdated, "name", display_name="Анна"), offset=3)
    await installation["sto"].refuse(profile)
    place = ("owners.profile", 0, 3)
    [shown] = (await document(carpass, "show", *place))["letters"]
    assert (shown["service"], shown["error"]) == ("sto", f"Refuse: {NOT_REPAIRED}")
    assert {header["name"]["data"] for header in shown["headers"]} >= {"ce_id", "ce_type"}
    assert "Анна" not in (await carpass("dlt", "show", *place)).stdout
    [shown] = (await document(carpass, "show", *place, "--value"))["letters"]
    assert shown["value"]["data"]["display_name"] == "Анна"


async def test_bytes_that_are_no_text_are_shown_as_hex(carpass: Invoke, installation: Installation) -> None:
    spoilt = COMPLETED._replace(key=b"\xff\x00", value=b"\x1b[2J", headers=[(b"\xfe", b"\xfd"), ("empty", None)])
    await installation["trust"].refuse(spoilt)
    result = await carpass("dlt", "show", *PLACE, "--value")
    assert result.exit_code == 0
    assert "key       0xff00" in result.stdout
    assert "header    0xfe: 0xfd" in result.stdout
    assert "header    empty: (null)" in result.stdout
    assert "value     0x1b5b324a" in result.stdout


async def test_letter_that_is_not_there_is_told(carpass: Invoke, installation: Installation) -> None:
    assert installation
    result = await carpass("dlt", "show", *PLACE)
    assert (result.exit_code, result.stdout) == (1, f"No service has a dead letter of {PLACE[0]} 2 1041.\n")


async def test_replay_runs_the_services_own_handlers_and_removes_the_letters(
    carpass: Invoke, installation: Installation
) -> None:
    await installation["trust"].refuse(COMPLETED)
    await installation["notifier"].refuse(COMPLETED)
    result = await carpass("dlt", "replay", "--all")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "2 done, 0 failed again.")
    assert await installation["trust"].count("audit_row") > 0
    assert await installation["trust"].errors() == await installation["notifier"].errors() == {}


async def test_replaying_twice_changes_nothing(carpass: Invoke, installation: Installation) -> None:
    trust = installation["trust"]
    await trust.refuse(COMPLETED)
    await document(carpass, "replay", *PLACE)
    after_the_first = await trust.checksums()
    assert (await document(carpass, "replay", *PLACE))["letters"] == []
    await trust.refuse(COMPLETED)  # the same record was given up once more
    again = await document(carpass, "replay", *PLACE)
    assert [letter["fate"] for letter in again["letters"]] == ["applied before"]
    assert await trust.checksums() == after_the_first


async def test_dry_run_tells_what_would_happen_and_changes_nothing(carpass: Invoke, installation: Installation) -> None:
    trust = installation["trust"]
    await trust.refuse(COMPLETED, COMPLETED._replace(offset=1042, value=b"{}"))
    before = await trust.checksums()
    told = await document(carpass, "replay", "--all", "--dry-run", code=1)
    assert [letter["fate"] for letter in told["letters"]] == ["applied", "failed again"]
    assert await trust.checksums() == before


async def test_letter_that_fails_again_stays_with_the_new_error(carpass: Invoke, installation: Installation) -> None:
    trust = installation["trust"]
    await trust.refuse(COMPLETED, completed(1042))
    async with trust.owner.transaction() as tx:
        await tx.connection.exec_driver_sql("UPDATE dead_letter SET value = '{}' WHERE \"offset\" = 1041")
    result = await carpass("dlt", "replay", "--service", "trust")
    assert result.exit_code == 1
    assert "1 done, 1 failed again." in result.stdout
    errors = await trust.errors()
    assert list(errors) == [1041]
    assert errors[1041].startswith("Malformed: not a workorders.workorder.completed.v1")
    assert errors[1041][:60] in result.stdout


async def test_timer_is_set_again(carpass: Invoke, installation: Installation) -> None:
    subject = str(uuid4())
    place = await installation["sto"].add_timer("link-expiry", subject)
    [shown] = (await document(carpass, "show", *place, "--value"))["letters"]
    assert shown["value"]["data"] == {"due_at": "2026-03-04T12:00:00+00:00"}
    told = await document(carpass, "replay", *place)
    assert [letter["fate"] for letter in told["letters"]] == ["timer set again"]
    assert [row.subject for row in await installation["sto"].rows("SELECT subject FROM timer")] == [subject]


async def test_timer_that_nothing_handles_any_more_stays(carpass: Invoke, installation: Installation) -> None:
    await installation["sto"].add_timer("of-an-older-version", "x")
    told = await document(carpass, "replay", "--topic", "timer:of-an-older-version", code=1)
    assert "has no timer" in told["letters"][0]["new_error"]
    assert await installation["sto"].count("dead_letter") == 1
    assert await installation["sto"].count("timer") == 0


@pytest.mark.parametrize(
    "arguments",
    [("replay",), ("replay", "--service", "nobody"), ("show", "topic", "zero", "1"), ("list", "--limit", "0")],
    ids=["nothing named", "no such service", "no number", "no limit"],
)
async def test_wrong_usage_is_exit_code_2(carpass: Invoke, arguments: tuple[str, ...]) -> None:
    assert (await carpass("dlt", *arguments)).exit_code == 2
