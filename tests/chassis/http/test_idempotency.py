import asyncio
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select, text, update

from chassis.db import Database, Transaction
from chassis.idempotency import (
    RETENTION,
    Scope,
    StoredAnswer,
    first_answer,
    forget_answers_to,
    remove_expired_answers,
)
from chassis.tables import idempotency_key
from tests.chassis.http.people import NewPerson, Person
from tests.support.eventually import eventually

FORBIDDEN_KEYS = {
    "empty": "",
    "256 characters": "k" * 256,
    "a space inside": "two words",
    "a tab": "tab\there",
    "a letter outside ASCII": "cl\u00e9".encode("latin-1"),
}


async def _things_of(owner: Database, person: Person) -> int:
    async with owner.transaction() as tx:
        counted = await tx.execute(text("SELECT count(*) FROM thing WHERE owner_id = :id"), {"id": person.user_id})
        return int(counted.scalar_one())


async def test_same_key_and_body_replays_the_first_answer(client: httpx.AsyncClient, person: Person) -> None:
    headers = person.acting()
    first = await client.post("/v1/things", json={"name": "anvil"}, headers=headers)
    second = await client.post("/v1/things", json={"name": "anvil"}, headers=headers)
    assert first.status_code == second.status_code == 201
    assert second.content == first.content
    for name in ("ETag", "Location", "Content-Type"):
        assert second.headers[name] == first.headers[name]
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers


async def test_an_answer_is_seen_by_the_one_whom_it_was_given(
    client: httpx.AsyncClient, new_person: NewPerson, database: Database
) -> None:
    one, other = new_person(), new_person()
    await client.post("/v1/things", json={"name": "anvil"}, headers=one.acting())
    for caller, answers in ((one.user_id, 1), (other.user_id, 0), (None, 0)):
        async with database.transaction(user_id=caller) as tx:
            seen = await tx.execute(select(idempotency_key.c.principal))
            assert list(seen.scalars()) == [one.user_id] * answers


async def test_a_hundred_at_once_with_one_key_have_one_effect(
    client: httpx.AsyncClient, person: Person, owner: Database
) -> None:
    headers = person.acting()
    answers = await asyncio.gather(
        *(client.post("/v1/things", json={"name": "anvil"}, headers=headers) for _ in range(100))
    )
    statuses = {answer.status_code for answer in answers}
    assert statuses <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert await _things_of(owner, person) == 1


async def test_key_in_flight_is_answered_409_with_retry_after(
    client: httpx.AsyncClient, person: Person, owner: Database
) -> None:
    headers = person.acting()
    async with owner.transaction() as tx:
        await tx.execute(text("LOCK TABLE thing IN EXCLUSIVE MODE"))  # the first request gets stuck behind this
        first = asyncio.create_task(client.post("/v1/things", json={"name": "anvil"}, headers=headers))
        await _until_somebody_waits_for_a_lock(tx)
        second = await client.post("/v1/things", json={"name": "anvil"}, headers=headers)
    assert second.status_code == 409
    assert second.json()["type"] == "urn:carpass:problem:idempotency-key-in-flight"
    assert second.headers["Retry-After"] == "1"
    assert (await first).status_code == 201


async def _until_somebody_waits_for_a_lock(tx: Transaction) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'thing'::regclass")

    async def somebody() -> bool:
        return bool((await tx.execute(waiting)).scalar_one())

    await eventually(somebody)


async def test_key_with_another_body_is_refused(client: httpx.AsyncClient, person: Person, owner: Database) -> None:
    headers = person.acting()
    await client.post("/v1/things", json={"name": "anvil"}, headers=headers)
    other = await client.post("/v1/things", json={"name": "hammer"}, headers=headers)
    assert other.status_code == 422
    assert other.json()["type"] == "urn:carpass:problem:idempotency-key-reused"
    assert await _things_of(owner, person) == 1


async def test_key_belongs_to_one_caller(client: httpx.AsyncClient, new_person: NewPerson) -> None:
    one, other = new_person(), new_person()
    key = str(uuid4())
    mine = await client.post("/v1/things", json={"name": "anvil"}, headers=one.acting(key))
    theirs = await client.post("/v1/things", json={"name": "anvil"}, headers=other.acting(key))
    assert mine.status_code == theirs.status_code == 201
    assert mine.json()["id"] != theirs.json()["id"]


async def test_key_belongs_to_one_path_and_method(client: httpx.AsyncClient, person: Person, owner: Database) -> None:
    headers = person.acting()
    added = await client.post("/v1/things", json={"name": "anvil"}, headers=headers)
    path = added.headers["Location"]
    renamed = await client.patch(path, json={"name": "anvil"}, headers={**headers, "If-Match": '"1"'})
    assert renamed.status_code == 200
    assert renamed.json()["version"] == 2
    async with owner.transaction() as tx:
        await tx.execute(text("INSERT INTO permit VALUES (:id)"), {"id": added.json()["id"]})
    assert (await client.post(f"{path}/approval", headers=headers)).status_code == 204


async def test_post_without_a_key_is_refused(client: httpx.AsyncClient, person: Person) -> None:
    answer = await client.post("/v1/things", json={"name": "anvil"}, headers=person.headers)
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:carpass:problem:idempotency-key-required"


async def test_post_with_two_keys_is_refused(client: httpx.AsyncClient, person: Person) -> None:
    headers = [*person.headers.items(), ("Idempotency-Key", "one"), ("Idempotency-Key", "two")]
    answer = await client.post("/v1/things", json={"name": "anvil"}, headers=headers)
    assert answer.status_code == 400


@pytest.mark.parametrize("key", FORBIDDEN_KEYS.values(), ids=FORBIDDEN_KEYS.keys())
async def test_key_that_is_not_short_visible_ascii_is_refused(
    client: httpx.AsyncClient, person: Person, key: str | bytes
) -> None:
    headers = [(name.encode(), value.encode()) for name, value in person.headers.items()]
    headers.append((b"Idempotency-Key", key if isinstance(key, bytes) else key.encode()))
    answer = await client.post("/v1/things", json={"name": "anvil"}, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:carpass:problem:bad-idempotency-key"


async def test_longest_key_is_accepted(client: httpx.AsyncClient, person: Person) -> None:
    answer = await client.post("/v1/things", json={"name": "anvil"}, headers=person.acting("~" * 255))
    assert answer.status_code == 201


async def test_refusal_is_not_kept(client: httpx.AsyncClient, person: Person) -> None:
    headers = person.acting()
    refused = await client.post("/v1/things", json={"name": "forbidden"}, headers=headers)
    accepted = await client.post("/v1/things", json={"name": "anvil"}, headers=headers)
    assert (refused.status_code, accepted.status_code) == (409, 201)


async def test_replay_is_found_before_if_match_is_looked_at(client: httpx.AsyncClient, person: Person) -> None:
    added = await client.post("/v1/things", json={"name": "anvil"}, headers=person.acting())
    headers = {**person.acting(), "If-Match": added.headers["ETag"]}
    first = await client.patch(added.headers["Location"], json={"name": "hammer"}, headers=headers)
    replayed = await client.patch(added.headers["Location"], json={"name": "hammer"}, headers=headers)
    assert first.status_code == replayed.status_code == 200
    assert replayed.headers["ETag"] == first.headers["ETag"] == '"2"'
    assert replayed.headers["Idempotency-Replayed"] == "true"


async def test_answer_without_a_body_is_replayed_as_it_was(
    client: httpx.AsyncClient, person: Person, owner: Database
) -> None:
    thing_id = uuid4()
    async with owner.transaction() as tx:
        await tx.execute(text("INSERT INTO permit VALUES (:id)"), {"id": thing_id})
    headers = person.acting()
    answers = [await client.post(f"/v1/things/{thing_id}/approval", headers=headers) for _ in range(2)]
    assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 2


async def test_answers_of_one_person_can_be_forgotten(
    client: httpx.AsyncClient, new_person: NewPerson, owner: Database
) -> None:
    erased, other = new_person(), new_person()
    for somebody in (erased, other):
        await client.post("/v1/things", json={"name": "anvil"}, headers=somebody.acting())
    async with owner.transaction() as tx:
        await forget_answers_to(tx, erased.user_id)
        kept = await tx.execute(
            select(idempotency_key.c.principal).where(idempotency_key.c.principal.in_([erased.user_id, other.user_id]))
        )
        assert kept.scalars().all() == [other.user_id]


async def test_answers_older_than_a_day_are_removed(
    client: httpx.AsyncClient, new_person: NewPerson, owner: Database
) -> None:
    old, young = new_person(), new_person()
    for somebody in (old, young):
        await client.post("/v1/things", json={"name": "anvil"}, headers=somebody.acting())
    async with owner.transaction() as tx:
        yesterday = func.now() - RETENTION - timedelta(minutes=1)
        await tx.execute(
            update(idempotency_key).where(idempotency_key.c.principal == old.user_id).values(created_at=yesterday)
        )
        assert await remove_expired_answers(tx) == 1
        kept = await tx.execute(
            select(idempotency_key.c.principal).where(idempotency_key.c.principal.in_([old.user_id, young.user_id]))
        )
        assert kept.scalars().all() == [young.user_id]


async def test_request_that_looked_just_before_the_first_one_committed_replays_it(
    client: httpx.AsyncClient, person: Person, owner: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = person.acting()
    first = await client.post("/v1/things", json={"name": "anvil"}, headers=headers)
    looks = 0

    async def too_early(tx: Transaction, scope: Scope) -> StoredAnswer | None:
        nonlocal looks
        looks += 1
        return None if looks == 1 else await first_answer(tx, scope)

    monkeypatch.setattr("chassis.http.action.first_answer", too_early)
    second = await client.post("/v1/things", json={"name": "anvil"}, headers=headers)
    assert (second.status_code, second.content) == (201, first.content)
    assert looks == 2
    assert await _things_of(owner, person) == 1
