import re
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from chassis.db import Database
from contracts.owners import (
    CarIdentityDecided,
    CarRegistered,
    CarTransferred,
    ExpenseRecorded,
    OdometerGrownStale,
    OdometerJudged,
)
from contracts.sto import EmployeeDeactivated, EmployeeJoined, LinkApproved, LinkRevoked
from contracts.workorders import WorkOrderCompleted
from tests.service.trust.conftest import Trust
from tests.support.golden import golden
from tests.support.people import Person

COMPLETED = golden(WorkOrderCompleted, "brakes")
OWNER = Person(COMPLETED.owner_id)
CAR = COMPLETED.car_id
MECHANIC = Person(golden(EmployeeJoined, "mechanic").user_id)
PATHS = ("recommendations", "score", "timeline")


@pytest.fixture
async def told(trust: Trust) -> Trust:
    await trust.deliver(
        golden(CarRegistered, "vin"),
        COMPLETED,
        golden(ExpenseRecorded, "parking"),
        golden(OdometerJudged, "attested-reading"),
    )
    return trust


async def link(trust: Trust) -> None:
    approved = golden(LinkApproved, "two-scopes-for-a-year", scopes=["history_read"], expires_at=None)
    await trust.deliver(golden(EmployeeJoined, "mechanic"), approved)


@pytest.mark.parametrize("path", PATHS)
async def test_a_stranger_gets_the_same_answer_as_for_a_missing_car(told: Trust, path: str) -> None:
    foreign = await told.client.get(f"/v1/cars/{CAR}/{path}", headers=Person().headers)
    missing = await told.client.get(f"/v1/cars/{uuid4()}/{path}", headers=OWNER.headers)
    assert foreign.status_code == missing.status_code == 404
    assert {**foreign.json(), "trace_id": ""} == {**missing.json(), "trace_id": ""}


@pytest.mark.parametrize("path", PATHS)
async def test_staff_reads_while_linked_and_employed_only(told: Trust, path: str) -> None:
    await link(told)
    url = f"/v1/cars/{CAR}/{path}"
    assert (await told.client.get(url, headers=MECHANIC.headers)).status_code == 200
    await told.deliver(golden(EmployeeDeactivated, "left"))
    assert (await told.client.get(url, headers=MECHANIC.headers)).status_code == 404
    await told.deliver(golden(EmployeeJoined, "mechanic", sequence=4))
    assert (await told.client.get(url, headers=MECHANIC.headers)).status_code == 200
    await told.deliver(golden(LinkRevoked, "revoked"))
    assert (await told.client.get(url, headers=MECHANIC.headers)).status_code == 404


async def test_timeline_pages_through_everything_once_and_newest_first(told: Trust) -> None:
    seen: list[dict[str, str]] = []
    cursor: str | None = None
    while True:
        query = {"limit": "1"} | ({"cursor": cursor} if cursor else {})
        answer = (await told.client.get(f"/v1/cars/{CAR}/timeline", params=query, headers=OWNER.headers)).json()
        seen += answer["data"]
        cursor = answer["next_cursor"]
        if not answer["has_more"]:
            break
    assert sorted(entry["kind"] for entry in seen) == ["car_registered", "expense", "odometer", "work_order_completed"]
    assert seen == sorted(seen, key=lambda entry: (entry["occurred_at"], entry["id"]), reverse=True)


async def test_timeline_tells_instants_in_utc_to_the_microsecond(told: Trust) -> None:
    answer = (await told.client.get(f"/v1/cars/{CAR}/timeline", headers=OWNER.headers)).json()
    instants = [entry["occurred_at"] for entry in answer["data"]]
    assert len(instants) > 1
    assert [at for at in instants if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", at)] == []


async def test_staff_does_not_see_what_the_owner_pays_elsewhere(told: Trust) -> None:
    await link(told)
    answer = await told.client.get(f"/v1/cars/{CAR}/timeline", headers=MECHANIC.headers)
    assert "expense" not in {entry["kind"] for entry in answer.json()["data"]}
    assert "20000" not in answer.text


async def test_score_explains_every_point(told: Trust) -> None:
    score = (await told.client.get(f"/v1/cars/{CAR}/score", headers=OWNER.headers)).json()
    earned, possible = (sum(part[name] for part in score["parts"]) for name in ("earned", "possible"))
    assert score["value"] == round(100 * earned / possible)
    assert all(part["why"] for part in score["parts"])


async def test_score_of_a_car_without_facts_is_null(trust: Trust) -> None:
    await trust.deliver(golden(CarRegistered, "vin"))
    score = (await trust.client.get(f"/v1/cars/{CAR}/score", headers=OWNER.headers)).json()
    assert (score["value"], score["parts"]) == (None, [])


async def first_recommendation(trust: Trust) -> dict[str, str]:
    answer = await trust.client.get(f"/v1/cars/{CAR}/recommendations", headers=OWNER.headers)
    found: dict[str, str] = answer.json()["data"][0]
    return found


async def test_owner_dismisses_a_recommendation_once(told: Trust) -> None:
    found = await first_recommendation(told)
    url = f"/v1/recommendations/{found['id']}/dismissal"
    assert (await told.client.post(url, headers=OWNER.acting())).status_code == 428
    assert (await told.client.post(url, headers=OWNER.acting(version=7))).status_code == 412
    acting = OWNER.acting(version=1)
    first = await told.client.post(url, headers=acting)
    again = await told.client.post(url, headers=acting)
    assert (first.status_code, first.json()["status"], first.headers["etag"]) == (200, "dismissed", '"2"')
    assert (again.status_code, again.content) == (200, first.content)
    assert (await told.client.post(url, headers=OWNER.acting(version=2))).status_code == 409
    assert len(await told.published("trust.recommendation.changed.v1")) == 1


async def test_nobody_else_dismisses_it(told: Trust) -> None:
    await link(told)
    found = await first_recommendation(told)
    for person, refused in ((MECHANIC, 403), (Person(), 404)):
        answer = await told.client.post(
            f"/v1/recommendations/{found['id']}/dismissal", headers=person.acting(version=1)
        )
        assert answer.status_code == refused
    assert (await first_recommendation(told))["status"] == found["status"]


async def test_audit_shows_everybody_what_concerns_them(told: Trust) -> None:
    async def actions(person: Person) -> set[str]:
        answer = await told.client.get("/v1/audit", headers=person.headers)
        return {row["action"] for row in answer.json()["data"]}

    assert "workorders.workorder.completed.v1" in await actions(OWNER)
    assert await actions(Person(UUID(str(COMPLETED.actor.user_id)))) == {"workorders.workorder.completed.v1"}
    assert await actions(Person()) == set()


async def test_audit_rows_of_others_stay_hidden_without_any_where(told: Trust) -> None:
    api = Database(told.urls.api_url, pool_size=1, application_name="test")
    counts = []
    for person in (OWNER, Person(), None):
        async with api.transaction(user_id=person.user_id if person else None) as tx:
            counts.append((await tx.execute(text("SELECT count(*) FROM audit_row"))).scalar_one())
    await api.dispose()
    assert counts == [4, 0, 0]


async def test_timeline_kind_filter_and_bad_cursor(told: Trust) -> None:
    url = f"/v1/cars/{CAR}/timeline"
    answer = await told.client.get(url, params={"kind": "odometer"}, headers=OWNER.headers)
    assert [entry["kind"] for entry in answer.json()["data"]] == ["odometer"]
    assert (await told.client.get(url, params={"cursor": "x"}, headers=OWNER.headers)).status_code == 400


async def test_a_question_to_an_owner_is_audited_and_no_part_of_the_cars_life(told: Trust) -> None:
    before = (await told.client.get(f"/v1/cars/{CAR}/timeline", headers=OWNER.headers)).json()
    await told.deliver(golden(OdometerGrownStale, "read-in-spring"))
    assert (await told.client.get(f"/v1/cars/{CAR}/timeline", headers=OWNER.headers)).json() == before
    audited = (await told.client.get("/v1/audit", headers=OWNER.headers)).json()["data"]
    assert [row["actor_role"] for row in audited if row["action"] == OdometerGrownStale.event_type] == ["system"]


async def test_private_entries_stay_with_the_owner_of_that_time(told: Trust) -> None:
    url, buyer = f"/v1/cars/{CAR}/timeline", Person()
    kinds = {row["kind"] for row in (await told.client.get(url, headers=OWNER.headers)).json()["data"]}
    assert "expense" in kinds
    transferred = golden(CarTransferred, "sold", owner_id=buyer.user_id, previous_owner_id=OWNER.user_id)
    await told.deliver(transferred)
    kept = {row["kind"] for row in (await told.client.get(url, headers=OWNER.headers)).json()["data"]}
    assert kept == kinds | {"car_transferred"}
    seen = {row["kind"] for row in (await told.client.get(url, headers=buyer.headers)).json()["data"]}
    assert seen == kinds - {"expense"} | {"car_transferred"}


async def test_decision_about_an_identity_is_audited_and_in_the_timeline_once(told: Trust) -> None:
    decided = golden(CarIdentityDecided, "confirmed", car_id=CAR, owner_id=OWNER.user_id, sequence=9)
    await told.deliver(decided)
    await told.redeliver_everything_with_an_empty_inbox()
    url = f"/v1/cars/{CAR}/timeline"
    answer = await told.client.get(url, params={"kind": "identity_decided"}, headers=OWNER.headers)
    [entry] = answer.json()["data"]
    assert entry["details"] == {"outcome": "confirmed"}
    [audited] = await told.rows("SELECT actor_id, actor_role FROM audit_row WHERE actor_role = 'moderator'")
    assert audited.actor_id == decided.actor.user_id


async def test_what_is_recommended_goes_to_the_new_owner_with_the_car(told: Trust) -> None:
    buyer = Person()
    before = await told.rows("SELECT id, owner_id FROM recommendation")
    assert {row.owner_id for row in before} == {OWNER.user_id}
    await told.deliver(golden(CarTransferred, "sold", owner_id=buyer.user_id, previous_owner_id=OWNER.user_id))
    assert {row.owner_id for row in await told.rows("SELECT owner_id FROM recommendation")} == {buyer.user_id}
    late = golden(WorkOrderCompleted, "brakes", work_order_id=uuid4())
    await told.deliver(late)
    rows = await told.rows("SELECT owner_id FROM recommendation WHERE work_order_id = :id", id=late.work_order_id)
    assert {row.owner_id for row in rows} == {buyer.user_id}
