import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from chassis.consuming import RawRecord, Subscriptions, apply_batch, raw_record
from chassis.db import Database
from chassis.dead_letter_command import dead_letter_command
from chassis.provision import ServiceDatabase
from tests.chassis.messaging import sample
from tests.chassis.messaging.sample import Noted, noted

type Dlt = Callable[..., Any]


@pytest.fixture
def healed() -> Subscriptions:
    """The service's subscriptions after a handler was repaired that refused everything before."""
    return sample.subscriptions()


@pytest.fixture
def dlt(sample_database: ServiceDatabase, healed: Subscriptions, capsys: pytest.CaptureFixture[str]) -> Dlt:
    async def run(*arguments: object) -> tuple[int, list[dict[str, Any]]]:
        code = await asyncio.to_thread(
            dead_letter_command, "sample", sample_database.worker_url, healed, [str(one) for one in arguments]
        )
        return code, [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


async def refused(database: Database, *records: RawRecord) -> None:
    broken = Subscriptions("sample")

    @broken.effect(Noted)
    async def fail(*_: object) -> None:
        raise LookupError("not repaired yet")

    assert (await apply_batch(database, broken, records)).dead == len(records)


async def test_a_dead_letter_is_listed_shown_and_replayed(database: Database, dlt: Dlt) -> None:
    event = noted(text="важно")
    await refused(database, raw_record(event, partition=2, offset=17))
    code, [line] = await dlt("list")
    assert (code, line["place"], line["error"]) == (0, [Noted.topic, 2, 17], "LookupError: not repaired yet")
    _, [shown] = await dlt("show", Noted.topic, 2, 17)
    assert shown["key"] == str(event.note_id)
    assert "важно" in shown["value"]
    code, [line] = await dlt("replay", Noted.topic, 2, 17)
    assert (code, line["outcome"]) == (0, "applied")
    assert await sample.notes(database) == {event.note_id: "важно"}
    assert await sample.dead_offsets(database) == []


async def test_a_dry_run_says_what_would_happen_and_changes_nothing(database: Database, dlt: Dlt) -> None:
    await refused(database, raw_record(noted(), offset=1), raw_record(noted(text="poison"), offset=2))
    code, lines = await dlt("replay", "--dry-run")
    assert code == 1
    assert [line.get("outcome") or line["failed"] for line in lines] == ["applied", "Refuse: poison"]
    assert await sample.dead_offsets(database) == [1, 2]
    assert await sample.notes(database) == {}


async def test_a_replay_of_all_removes_what_succeeds_and_keeps_the_rest(database: Database, dlt: Dlt) -> None:
    await refused(database, *(raw_record(noted(), offset=number) for number in range(3)))
    await refused(database, raw_record(noted(text="poison"), offset=3))
    code, lines = await dlt("replay")
    assert (code, len(lines)) == (1, 4)
    assert await sample.dead_offsets(database) == [3]
    assert await sample.effects(database) == 3


async def test_an_effect_that_was_applied_meanwhile_is_not_repeated(database: Database, dlt: Dlt) -> None:
    record = raw_record(noted(), offset=1)
    await refused(database, record)
    await apply_batch(database, sample.subscriptions(), [record])
    _, [line] = await dlt("replay", Noted.topic, 0, 1)
    assert line["outcome"] == "its effects had been applied before"
    assert await sample.effects(database) == 1


async def test_bytes_that_are_no_text_are_shown_as_base64(database: Database, dlt: Dlt) -> None:
    await refused(database, raw_record(noted(), offset=1)._replace(value=b"\xff", key=b"\xfe"))
    _, [shown] = await dlt("show", Noted.topic, 0, 1)
    assert (shown["key"], shown["value"]) == ("base64:/g==", "base64:/w==")


async def test_a_letter_that_is_not_there_is_told(dlt: Dlt) -> None:
    code, [line] = await dlt("show", Noted.topic, 0, 1)
    assert (code, line["error"]) == (1, "there is no such dead letter")
    code, [line] = await dlt("replay", Noted.topic, 0, 1)
    assert code == 1
    assert "NoSuchLetter" in line["failed"]
