"""A car's life, brought in from a file."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from owners.exchange import sandbox
from owners.exchange.sandbox import Reader
from tests.service.owners.conftest import Owners, Person
from tests.service.owners.test_export import exported, lived_in_car
from tests.service.owners.test_services_and_expenses import EXPENSE

type Document = dict[str, Any]


async def send(owners: Owners, car: str, person: Person, data: bytes | Document, **asked: str) -> httpx.Response:
    """One request; `key` and `accept` are headers, the rest is asked in the query."""
    content = data if isinstance(data, bytes) else json.dumps(data).encode()
    headers = {**person.acting(key=asked.pop("key", None)), "Accept": asked.pop("accept", "application/json")}
    query = {"car_id": car.rpartition("/")[2], **asked}
    return await owners.client.post("/v1/imports", params=query, content=content, headers=headers)


async def shown(owners: Owners, car: str, person: Person, data: bytes | Document) -> dict[str, Any]:
    answer = await send(owners, car, person, data)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def taken_in(owners: Owners, car: str, person: Person, data: bytes | Document) -> dict[str, Any]:
    told = await shown(owners, car, person, data)
    answer = await send(owners, car, person, data, mode="commit", hash=told["hash"])
    assert answer.status_code == 200, answer.text
    done: dict[str, Any] = answer.json()
    return done


async def taken_along(owners: Owners) -> tuple[Person, Document, bytes]:
    """Somebody, the document of their car, and the bytes of its data."""
    anna = await owners.sign_in()
    document, data = await exported(owners, await lived_in_car(owners, anna), anna)
    return anna, document, data


async def test_export_import_export_gives_the_same_bytes(owners: Owners) -> None:
    _, document, data = await taken_along(owners)
    boris = await owners.sign_in()
    other = await owners.car(boris, energy_kinds=["petrol"])
    done = await taken_in(owners, other, boris, document)
    assert done["counts"] == {"new": 5, "duplicate": 0, "conflict": 0, "error": 0}
    again, same = await exported(owners, other, boris)
    assert same == data
    assert again["origin"]["data_sha256"] == document["origin"]["data_sha256"]
    sources = {one["external_id"]: one["source"] for one in again["origin"]["records"]}
    assert sources == {one["external_id"]: one for one in document["origin"]["records"]}


async def test_imported_is_self_declared_and_the_importers_own(owners: Owners) -> None:
    _, document, _ = await taken_along(owners)
    boris = await owners.sign_in()
    other = await owners.car(boris, energy_kinds=["petrol"])
    await taken_in(owners, other, boris, document)
    for table in ("service_entry", "expense", "odometer_reading"):
        rows = await owners.rows(
            f"SELECT provenance, author_id, owner_id FROM {table} WHERE car_id = :car",  # noqa: S608 -- our names
            car=other.rpartition("/")[2],
        )
        assert {tuple(row) for row in rows} == {("self_declared", boris.user_id, boris.user_id)}
    expenses = await owners.listed(f"{other}/expenses", boris)
    assert sum(one["service_entry_id"] is not None for one in expenses) == 2
    [fuel] = await owners.listed(f"{other}/fuel-entries", boris)
    assert fuel["odometer"]["verdict"] == "ok"
    recorded = [e["type"] for e in await owners.events("owners.record") if e["car_id"] == other.rpartition("/")[2]]
    assert recorded.count("owners.fuel-entry.recorded") == 1
    assert recorded.count("owners.service-entry.recorded") == 2
    assert recorded.count("owners.expense.recorded") == 3
    assert recorded.count("owners.odometer.judged") >= 1


async def test_dry_run_changes_nothing_and_a_second_import_adds_nothing(owners: Owners) -> None:
    _, document, _ = await taken_along(owners)
    boris = await owners.sign_in()
    other = await owners.car(boris, energy_kinds=["petrol"])
    before = await owners.checksums()
    assert (await shown(owners, other, boris, document))["counts"]["new"] == 5
    assert await owners.checksums() == before
    await taken_in(owners, other, boris, document)
    done = await taken_in(owners, other, boris, document)
    assert done["counts"] == {"new": 0, "duplicate": 5, "conflict": 0, "error": 0}


async def test_own_export_into_the_same_car_is_all_duplicates(owners: Owners) -> None:
    anna, document, _ = await taken_along(owners)
    car = f"/v1/cars/{document['origin']['car_id']}"
    assert (await shown(owners, car, anna, document))["counts"]["duplicate"] == 5


async def test_difference_that_changed_since_is_a_conflict_and_adds_nothing(owners: Owners) -> None:
    _, document, _ = await taken_along(owners)
    boris = await owners.sign_in()
    other = await owners.car(boris, energy_kinds=["petrol"])
    told = await shown(owners, other, boris, document)
    parking = document["data"]["expenses"][0]
    await owners.created(
        f"{other}/expenses",
        boris,
        EXPENSE | {"amount": {"amount_minor": parking["amount_minor"], "currency": "RUB"}},
    )
    before = await owners.checksums()
    answer = await send(owners, other, boris, document, mode="commit", hash=told["hash"])
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:carpass:problem:difference-changed")
    assert await owners.checksums() == before


async def test_wrong_rows_are_told_by_line_and_field_and_edited_ones_are_conflicts(owners: Owners) -> None:
    anna, document, _ = await taken_along(owners)
    car = f"/v1/cars/{document['origin']['car_id']}"
    document["data"]["expenses"][0]["amount_minor"] += 1
    document["data"]["readings"][0]["date"] = "2999-01-01"
    told = await shown(owners, car, anna, document)
    assert told["counts"] == {"new": 0, "duplicate": 3, "conflict": 1, "error": 1}
    assert (told["rows"][0]["status"], told["rows"][0]["fields"]) == ("conflict", ["amount_minor"])
    assert [(one["line"], one["field"].partition("/")[0]) for one in told["problems"]] == [(1, "readings")]


async def test_key_repeats_its_answer_and_only_for_the_same_question(owners: Owners) -> None:
    _, document, _ = await taken_along(owners)
    boris = await owners.sign_in()
    other = await owners.car(boris, energy_kinds=["petrol"])
    told, key = await shown(owners, other, boris, document), str(uuid4())
    first = await send(owners, other, boris, document, mode="commit", hash=told["hash"], key=key)
    again = await send(owners, other, boris, document, mode="commit", hash=told["hash"], key=key)
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    other_question = await send(owners, other, boris, document, mode="commit", hash="0" * 64, key=key)
    assert other_question.status_code == 422


async def test_two_commits_at_once_add_every_row_once(owners: Owners) -> None:
    _, document, _ = await taken_along(owners)
    boris = await owners.sign_in()
    other = await owners.car(boris, energy_kinds=["petrol"])
    told = await shown(owners, other, boris, document)
    answers = await asyncio.gather(
        *(send(owners, other, boris, document, mode="commit", hash=told["hash"]) for _ in range(2))
    )
    assert sorted(one.status_code for one in answers) == [200, 409]
    assert (await shown(owners, other, boris, document))["counts"]["duplicate"] == 5
    assert len(await owners.listed(f"{other}/expenses", boris)) == 3


async def test_progress_streams_and_ends_with_the_result_or_the_problem(owners: Owners) -> None:
    _, document, _ = await taken_along(owners)
    boris = await owners.sign_in()
    other = await owners.car(boris, energy_kinds=["petrol"])
    told = await shown(owners, other, boris, document)
    stream = {"mode": "commit", "accept": "text/event-stream"}
    answer = await send(owners, other, boris, document, hash=told["hash"], **stream)
    events = [event.split("\n") for event in answer.text.strip().split("\n\n")]
    assert [name for name, _ in events] == ["event: progress", "event: progress", "event: result"]
    assert json.loads(events[-1][1].removeprefix("data: "))["counts"]["new"] == 5
    refused = await send(owners, other, boris, document, hash=told["hash"], **stream)
    assert refused.text.startswith("event: problem\n")
    assert '"status":409' in refused.text


async def test_what_can_be_refused_at_once_is_refused_before_a_stream_begins(owners: Owners) -> None:
    anna, document, _ = await taken_along(owners)
    boris = await owners.sign_in()
    car = await owners.car(anna, vin="XTA21099043576183")
    stream = {"mode": "commit", "accept": "text/event-stream"}
    assert (await send(owners, car, boris, document, hash="0" * 64, **stream)).status_code == 404
    assert (await send(owners, car, anna, document, **stream)).status_code == 400


async def test_who_waits_too_long_for_others_files_is_told(owners: Owners, monkeypatch: pytest.MonkeyPatch) -> None:
    anna, document, _ = await taken_along(owners)
    car = await owners.car(anna, vin="XTA21099043576183")
    monkeypatch.setattr(sandbox, "WAIT_SECONDS", 0.0)
    transport = owners.client._transport
    assert isinstance(transport, httpx.ASGITransport)
    transport.app.state.owners.reader = Reader(at_once=0)  # type: ignore[attr-defined]
    before = await owners.checksums()
    busy = await send(owners, car, anna, document)
    assert (busy.status_code, busy.json()["type"]) == (503, "urn:carpass:problem:import-busy")
    assert await owners.checksums() == before


@pytest.mark.parametrize("role", ["viewer", "driver", "manager"])
async def test_managers_may_import_drivers_and_viewers_may_not(owners: Owners, role: str) -> None:
    anna, document, _ = await taken_along(owners)
    boris = await owners.sign_in()
    other = await owners.car(anna, energy_kinds=["petrol"], vin="XTA21099043576183")
    assert (await send(owners, other, boris, document)).status_code == 404
    await owners.execute(
        "INSERT INTO access_grant (id, car_id, owner_id, grantee_id, role, granted_at, sequence, version) "
        "VALUES (:id, :car, :owner, :grantee, :role, now(), 1, 1)",
        id=uuid4(),
        car=other.rpartition("/")[2],
        owner=anna.user_id,
        grantee=boris.user_id,
        role=role,
    )
    if role != "manager":
        assert (await send(owners, other, boris, document)).status_code == 403
        return
    assert (await taken_in(owners, other, boris, document))["counts"]["new"] == 5
    authors = await owners.rows("SELECT DISTINCT imported_by, owner_id FROM imported_record")
    assert [tuple(one) for one in authors] == [(boris.user_id, anna.user_id)]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 422),
        (b"\0\xff", 422),
        (b'Date,Odo\n"2024-01-01,1\n', 422),
        (b"[" * 100_000, 422),
        (b'{"a":' * 100_000, 422),
        (b'{"format":"carpass.exchange.v1","data":{"expenses":NaN}}', 422),
        (b'{"format":"carpass.exchange.v1","data":{},"data":{}}', 422),
        (b'{"format":"carpass.exchange.v1","data":{"expenses":{}}}', 422),
        (b'{"format":"carpass.exchange.v1","data":{"readings":[' + b"{}," * 50_000 + b"{}]}}", 422),
        (b" " * 10_000_001, 413),
    ],
)
async def test_hostile_file_is_refused_and_changes_nothing(owners: Owners, data: bytes, status: int) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    before = await owners.checksums()
    assert (await send(owners, car, anna, data)).status_code == status
    assert await owners.checksums() == before
