"""What those see of a car with whom its owner shares it, and what a former owner keeps reading."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event

from chassis.db import Database
from chassis.http.patience import Patience
from contracts.owners import (
    AccessChanged,
    AccessEnded,
    AccessGranted,
    CarRegistered,
    CarTransferred,
    ExpenseRecorded,
    ServiceEntryRecorded,
    UserErased,
)
from contracts.workorders import WorkOrderCompleted
from tests.service.trust.conftest import Trust
from tests.support.eventually import eventually
from tests.support.golden import golden
from tests.support.people import Person
from trust.db.read_models import role_in_car

COMPLETED = golden(WorkOrderCompleted, "brakes")
OWNER, CAR = Person(COMPLETED.owner_id), COMPLETED.car_id
ROLES = ("viewer", "driver", "manager")
PEOPLE = {role: Person() for role in ROLES}
PATHS = ("recommendations", "score", "timeline")


def shared(name: str, **changes: Any) -> AccessGranted:
    """The owner shares the car with the person of that name, without end unless `expires_at` says one."""
    person = PEOPLE[name].user_id
    values = {"grant_id": person, "car_id": CAR, "owner_id": OWNER.user_id, "grantee_id": person, "role": name}
    return golden(AccessGranted, "spouse", **values | {"expires_at": None, "sequence": 1} | changes)


def changed(name: str, **changes: Any) -> AccessChanged:
    return AccessChanged.model_validate(shared(name, **{"sequence": 2} | changes).model_dump())


def unshared(role: str, because: str = "revoked", sequence: int = 9) -> AccessEnded:
    return AccessEnded.model_validate({**shared(role, sequence=sequence).model_dump(), "because": because})


@pytest.fixture
async def told(trust: Trust) -> Trust:
    await trust.deliver(golden(CarRegistered, "vin"), COMPLETED, golden(ExpenseRecorded, "parking"))
    await trust.deliver(*(shared(role) for role in ROLES))
    return trust


async def reads(trust: Trust, person: Person, car_id: object = CAR) -> bool:
    """Whether the person reads what is known of the car; every way says the same."""
    answers = [await trust.client.get(f"/v1/cars/{car_id}/{path}", headers=person.headers) for path in PATHS]
    statuses = {answer.status_code for answer in answers}
    assert statuses in ({200}, {404})
    return statuses == {200}


async def timeline(trust: Trust, person: Person) -> list[dict[str, Any]]:
    answer = await trust.client.get(f"/v1/cars/{CAR}/timeline", headers=person.headers)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def dismiss(trust: Trust, person: Person) -> int:
    found = await trust.rows("SELECT id, version FROM recommendation ORDER BY id LIMIT 1")
    url = f"/v1/recommendations/{found[0].id}/dismissal"
    return (await trust.client.post(url, headers=person.acting(version=found[0].version))).status_code


@pytest.mark.parametrize("role", ROLES)
async def test_who_shares_the_car_sees_what_its_owner_sees(told: Trust, role: str) -> None:
    assert await reads(told, PEOPLE[role])
    assert await timeline(told, PEOPLE[role]) == await timeline(told, OWNER)
    assert "expense" in {entry["kind"] for entry in await timeline(told, PEOPLE[role])}  # as at owners


@pytest.mark.parametrize("role", ROLES)
async def test_a_manager_dismisses_a_recommendation_and_the_others_change_nothing(told: Trust, role: str) -> None:
    before = await told.checksums()
    assert await dismiss(told, PEOPLE[role]) == (200 if role == "manager" else 403)
    assert (await told.checksums() == before) is (role != "manager")
    if role == "manager":
        [event_data] = await told.published("trust.recommendation.changed.v1")
        assert event_data["actor"] == {"user_id": str(PEOPLE[role].user_id), "role": "car_manager"}


@pytest.mark.parametrize("because", ["revoked", "left", "expired", "erased", "transferred"])
async def test_access_that_ended_opens_nothing(told: Trust, because: str) -> None:
    await told.deliver(*(unshared(role, because) for role in ROLES))
    before = await told.checksums()
    for person in PEOPLE.values():
        assert not await reads(told, person)
        assert await dismiss(told, person) == 404
    assert await told.checksums() == before


async def test_access_counts_until_its_time_is_over_whether_or_not_an_event_says_so(told: Trust) -> None:
    now = datetime.now(UTC)
    for sequence, expires_at, counts in (
        (2, now - timedelta(seconds=1), False),
        (3, now + timedelta(hours=1), True),
        (4, now - timedelta(hours=1), False),
    ):
        await told.deliver(changed("manager", sequence=sequence, expires_at=expires_at))
        assert await reads(told, PEOPLE["manager"]) is counts
    assert await dismiss(told, PEOPLE["manager"]) == 404


@pytest.mark.parametrize("erased", ["manager", "owner"])
async def test_who_is_erased_shares_nothing_any_more_and_leaves_no_kept_answer(told: Trust, erased: str) -> None:
    gone = OWNER if erased == "owner" else PEOPLE["manager"]
    assert await dismiss(told, gone) == 200
    assert len(await told.rows("SELECT 1 FROM idempotency_key")) == 1
    await told.deliver(golden(UserErased, "erased", user_id=gone.user_id))
    assert await told.rows("SELECT 1 FROM idempotency_key") == []
    assert not await reads(told, PEOPLE["manager"])
    assert await reads(told, PEOPLE["viewer"]) is (erased == "manager")
    await told.deliver(changed("manager", sequence=7))
    assert not await reads(told, PEOPLE["manager"])


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
async def test_access_events_in_any_order_and_twice_end_alike(trust: Trust, order: Sequence[int]) -> None:
    events = [shared("viewer"), changed("viewer", role="driver"), unshared("viewer")]
    for place in order:
        await trust.deliver(events[place])
        await trust.deliver(events[place])
    [row] = await trust.rows("SELECT role, ended, sequence FROM car_access")
    assert tuple(row) == ("viewer", True, 9)


async def test_a_replay_of_everything_with_an_empty_inbox_changes_nothing(told: Trust) -> None:
    buyer = Person()
    await told.deliver(changed("viewer", role="manager"), unshared("driver"), sold(OWNER, buyer, 5))
    await told.deliver(golden(UserErased, "erased", user_id=PEOPLE["manager"].user_id))
    before = await told.checksums()
    await told.redeliver_everything_with_an_empty_inbox()
    assert await told.checksums() == before


@pytest.mark.parametrize("known_as", ["nobody", "viewer"])
async def test_dismissing_waits_for_the_access_that_allows_it(
    told: Trust, known_as: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience: Patience = told.client._transport.app.state.chassis.patience  # type: ignore[attr-defined]
    monkeypatch.setattr(patience, "_seconds", 60.0)
    person = Person() if known_as == "nobody" else PEOPLE[known_as]
    asked = asyncio.ensure_future(dismiss(told, person))
    await eventually(lambda: patience.waiters == 1)
    await told.deliver(shared("viewer", grantee_id=person.user_id, grant_id=person.user_id, role="manager", sequence=2))
    assert await asked == 200


async def test_what_one_owner_shares_opens_no_other_owners_car(told: Trust) -> None:
    buyer, friend = Person(), PEOPLE["viewer"]
    await told.deliver(sold(OWNER, buyer, 5))  # the end of the old owner's shares is still on its way
    assert not await reads(told, friend)
    await told.deliver(shared("viewer", grant_id=uuid4(), owner_id=buyer.user_id))
    assert "expense" not in {entry["kind"] for entry in await timeline(told, friend)}


DAY = datetime(2026, 3, 20, tzinfo=UTC)


def sold(seller: Person, buyer: Person, day: int) -> CarTransferred:
    at = DAY + timedelta(days=day)
    people = {"owner_id": buyer.user_id, "previous_owner_id": seller.user_id}
    return golden(CarTransferred, "sold", sequence=10 + day, transfer_id=uuid4(), occurred_at=at, **people)


def entry(owner: Person, day: int) -> ServiceEntryRecorded:
    values = {"entry_id": uuid4(), "owner_id": owner.user_id, "occurred_at": DAY + timedelta(days=day, hours=1)}
    return golden(ServiceEntryRecorded, "self-declared", **values)


def expense(owner: Person, day: int) -> ExpenseRecorded:
    values = {"expense_id": uuid4(), "owner_id": owner.user_id, "occurred_at": DAY + timedelta(days=day, hours=2)}
    return golden(ExpenseRecorded, "parking", **values)


async def days(trust: Trust, person: Person) -> list[tuple[int, str]]:
    """When what happened, the first thing first, as far as the person reads it."""
    found = [
        ((datetime.fromisoformat(row["occurred_at"]) - DAY).days, row["kind"]) for row in await timeline(trust, person)
    ]
    return [each for each in reversed(found) if each[0] >= 0]


async def test_a_former_owner_reads_exactly_the_own_time(trust: Trust) -> None:
    first, second, third = OWNER, Person(), Person()
    await trust.deliver(golden(CarRegistered, "vin"), entry(first, 0), expense(first, 1), sold(first, second, 2))
    await trust.deliver(entry(second, 3), expense(second, 4), sold(second, third, 5), entry(third, 6))
    await trust.deliver(expense(third, 7))
    of_first = [(0, "service_entry"), (1, "expense"), (2, "car_transferred")]
    of_second = [(2, "car_transferred"), (3, "service_entry"), (4, "expense"), (5, "car_transferred")]
    of_third = [(6, "service_entry"), (7, "expense")]
    assert await days(trust, first) == of_first
    assert await days(trust, second) == of_second
    everything = sorted({*of_first, *of_second, *of_third})
    assert await days(trust, third) == [each for each in everything if each not in {(1, "expense"), (4, "expense")}]
    for former in (first, second):
        for path in ("recommendations", "score"):
            answer = await trust.client.get(f"/v1/cars/{CAR}/{path}", headers=former.headers)
            assert answer.status_code == 404


async def test_who_bought_the_car_back_and_sold_it_again_reads_both_own_times(trust: Trust) -> None:
    dealer, last = Person(), Person()
    await trust.deliver(golden(CarRegistered, "vin"), entry(OWNER, 0), sold(OWNER, dealer, 1), entry(dealer, 2))
    await trust.deliver(sold(dealer, OWNER, 3), expense(OWNER, 4), sold(OWNER, last, 5), entry(last, 6))
    assert [day for day, _ in await days(trust, OWNER)] == [0, 1, 3, 4, 5]


async def test_a_former_owner_pages_through_the_own_time_once(trust: Trust) -> None:
    buyer = Person()
    mine = [entry(OWNER, 0) for _ in range(5)]
    theirs = [entry(buyer, 4) for _ in range(5)]
    await trust.deliver(golden(CarRegistered, "vin"), *mine, sold(OWNER, buyer, 3), *theirs)
    seen: list[str] = []
    query = {"limit": "2"}
    while True:
        answer = await trust.client.get(f"/v1/cars/{CAR}/timeline", params=query, headers=OWNER.headers)
        seen += [row["id"] for row in answer.json()["data"]]
        if not answer.json()["has_more"]:
            break
        query["cursor"] = answer.json()["next_cursor"]
    assert len(seen) == len(set(seen)) == 7


async def test_a_former_owner_with_whom_the_car_is_shared_reads_on(trust: Trust) -> None:
    buyer = Person()
    await trust.deliver(golden(CarRegistered, "vin"), expense(OWNER, 0), sold(OWNER, buyer, 1), expense(buyer, 2))
    assert await days(trust, OWNER) == [(0, "expense"), (1, "car_transferred")]
    await trust.deliver(shared("viewer", owner_id=buyer.user_id, grantee_id=OWNER.user_id))
    assert await days(trust, OWNER) == [(0, "expense"), (1, "car_transferred"), (2, "expense")]


async def test_asking_for_a_role_takes_one_statement(told: Trust) -> None:
    api = Database(told.urls.api_url, pool_size=1, application_name="test")
    seen: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(api.engine.sync_engine, "before_cursor_execute", count)
    now = datetime.now(UTC)
    roles, statements = [], set()
    for person in (OWNER, *PEOPLE.values(), Person()):
        async with api.transaction(user_id=person.user_id) as tx:
            before = len(seen)
            roles.append(await role_in_car(tx, CAR, person.user_id, now))
            statements.add(len(seen) - before)
    await api.dispose()
    assert roles == ["owner", *ROLES, None]
    assert statements == {1}


async def test_whoever_is_given_access_finds_it_in_the_audit_log(told: Trust) -> None:
    for person, found in ((PEOPLE["driver"], 1), (OWNER, len(ROLES)), (Person(), 0)):
        query = {"action": "owners.access.granted.v1"}
        answer = await told.client.get("/v1/audit", params=query, headers=person.headers)
        assert len(answer.json()["data"]) == found
