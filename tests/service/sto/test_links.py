import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.owners import CarArchived, CarRegistered, CarTransferred
from sto.commands.expire_link import expire_link
from tests.service.sto.conftest import NOW, Sto
from tests.support.eventually import eventually
from tests.support.golden import golden
from tests.support.people import Person

LINKS = "/v1/car-links"


async def test_a_link_is_requested_approved_and_revoked(sto: Sto) -> None:
    staff, owner = Person(), Person()
    center = await sto.approved(staff, name="Гараж")
    car_id = await sto.car(owner)
    requested = await sto.request_link(center, staff, car_id)
    assert requested.status_code == 201
    link = requested.headers["location"]
    assert requested.json() == {
        "id": link.rpartition("/")[2],
        "car_id": str(car_id),
        "car_label": None,
        "center_id": center.rpartition("/")[2],
        "center_name": "Гараж",
        "scopes": ["odometer", "create_visit"],
        "status": "requested",
        "requested_at": sto.clock.now.isoformat().replace("+00:00", "Z"),
        "expires_at": None,
        "decided_at": None,
        "ended_at": None,
    }
    approved = await sto.post(f"{link}/approval", owner, {"scopes": ["create_visit"]})
    assert (approved.status_code, approved.headers["etag"]) == (200, '"2"')
    assert (approved.json()["status"], approved.json()["scopes"]) == ("approved", ["create_visit"])
    revoked = await sto.post(f"{link}/revocation", owner)
    assert (revoked.status_code, revoked.json()["status"]) == (200, "revoked")
    assert (await sto.get(link, staff)).json()["status"] == "revoked"

    events = await sto.events("sto.link")
    assert [(event["sequence"], event["type"], event["status"]) for event in events] == [
        (1, "requested", "requested"),
        (2, "approved", "approved"),
        (3, "revoked", "revoked"),
    ]
    by_owner = {"user_id": str(owner.user_id), "role": "car_owner"}
    assert [event["actor"] for event in events] == [
        {"user_id": str(staff.user_id), "role": "owner"},
        by_owner,
        by_owner,
    ]
    assert {(event["car_label"], event["center_name"]) for event in events} == {("Toyota Corolla А123ВС77", "Гараж")}
    assert {event["owner_id"] for event in events} == {str(owner.user_id)}
    assert events[1]["scopes"] == ["create_visit"]


async def test_the_center_is_told_which_car_it_is_only_while_it_has_access(sto: Sto) -> None:
    staff, owner = Person(), Person()
    link = await sto.linked(await sto.approved(staff), staff, owner)

    async def labels() -> list[str | None]:
        return [(await sto.get(link, person)).json()["car_label"] for person in (staff, owner)]

    label = "Toyota Corolla А123ВС77"
    assert await labels() == [None, label]
    await sto.post(f"{link}/approval", owner, {})
    assert await labels() == [label, label]
    await sto.post(f"{link}/revocation", owner)
    assert await labels() == [None, label]


@pytest.mark.parametrize("action", ["approval", "decline", "revocation"])
async def test_only_the_cars_owner_decides_and_a_strangers_link_is_a_missing_one(
    impatient_sto: Sto, action: str
) -> None:
    sto = impatient_sto
    staff, owner = Person(), Person()
    center = await sto.approved(staff)
    link = await sto.linked(center, staff, owner)
    if action == "revocation":
        await sto.post(f"{link}/approval", owner, {})
    body: dict[str, Any] | None = {} if action == "approval" else None
    mechanic, _ = await sto.hire(center, staff, "mechanic")
    for path in (link, f"{LINKS}/{uuid4()}"):
        for stranger in (Person(), sto.moderator):
            assert (await sto.get(path, stranger)).status_code == 404
            assert (await sto.post(f"{path}/{action}", stranger, body)).status_code == 404
    for person in (staff, mechanic):
        assert (await sto.get(link, person)).status_code == 200
        assert (await sto.post(f"{link}/{action}", person, body)).status_code == 403
    assert (await sto.post(f"{link}/{action}", owner, body)).status_code == 200


@pytest.mark.parametrize(
    ("before", "action"),
    [
        (["decline"], "approval"),
        (["approval"], "approval"),
        (["approval"], "decline"),
        ([], "revocation"),
        (["approval", "revocation"], "revocation"),
        (["approval", "revocation"], "approval"),
    ],
)
async def test_a_link_takes_no_step_that_its_state_does_not_allow(sto: Sto, before: list[str], action: str) -> None:
    staff, owner = Person(), Person()
    link = await sto.linked(await sto.approved(staff), staff, owner)
    for step in before:
        assert (await sto.post(f"{link}/{step}", owner, {} if step == "approval" else None)).status_code == 200
    refused = await sto.post(f"{link}/{action}", owner, {} if action == "approval" else None)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:carpass:problem:link-state")
    assert len(await sto.events("sto.link")) == 1 + len(before)


async def test_an_approval_grants_no_more_than_was_asked_for(sto: Sto) -> None:
    staff, owner = Person(), Person()
    link = await sto.linked(await sto.approved(staff), staff, owner)
    for scopes in (["history_read"], ["odometer", "history_read"], [], ["everything"]):
        assert (await sto.post(f"{link}/approval", owner, {"scopes": scopes})).status_code == 422
    assert (await sto.get(link, owner)).json()["status"] == "requested"


async def test_a_car_and_a_center_have_one_open_link(sto: Sto) -> None:
    staff, owner = Person(), Person()
    center, other = await sto.approved(staff), await sto.approved(staff)
    car_id = await sto.car(owner)
    link = (await sto.request_link(center, staff, car_id)).headers["location"]
    again = await sto.request_link(center, staff, car_id)
    assert (again.status_code, again.json()["type"]) == (409, "urn:carpass:problem:link-already-open")
    assert (await sto.request_link(other, staff, car_id)).status_code == 201
    await sto.post(f"{link}/approval", owner, {})
    assert (await sto.request_link(center, staff, car_id)).status_code == 409
    await sto.post(f"{link}/revocation", owner)
    assert (await sto.request_link(center, staff, car_id)).status_code == 201


async def test_of_ten_requests_for_a_car_at_once_one_is_made(sto: Sto) -> None:
    staff = Person()
    center = await sto.approved(staff)
    car_id = await sto.car(Person())
    answers = await asyncio.gather(*(sto.request_link(center, staff, car_id) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    assert len(await sto.events("sto.link")) == 1


async def test_an_unapproved_center_asks_for_no_car_known_or_not(sto: Sto) -> None:
    staff = Person()
    center = await sto.found(staff)
    for car_id in (await sto.car(Person()), uuid4()):
        refused = await sto.request_link(center, staff, car_id)
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:carpass:problem:center-not-approved")


async def test_a_center_that_was_suspended_meanwhile_is_given_nothing_but_still_seen_by_the_owner(sto: Sto) -> None:
    staff, owner = Person(), Person()
    center = await sto.found(staff)
    application = await sto.submit(center, staff)
    await sto.moderate(application, "approve")
    link = await sto.linked(center, staff, owner)
    await sto.moderate(application, "suspend", "Complaints.")
    refused = await sto.post(f"{link}/approval", owner, {})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:carpass:problem:center-not-approved")
    assert (await sto.get(center, owner)).json()["verification"] == "suspended"
    assert (await sto.get(center, Person())).status_code == 404
    assert (await sto.post(f"{link}/decline", owner)).status_code == 200


async def test_a_car_that_comes_into_the_read_model_meanwhile_is_found_by_the_same_request(sto: Sto) -> None:
    staff, owner = Person(), Person()
    center = await sto.approved(staff)
    car_id = uuid4()
    asked = asyncio.create_task(sto.request_link(center, staff, car_id))
    await eventually(lambda: sto.waiting_requests == 1)
    assert not asked.done()
    await sto.deliver(golden(CarRegistered, "vin", car_id=car_id, owner_id=owner.user_id, sequence=1))
    answer = await asked
    assert answer.status_code == 201, answer.text
    assert len(await sto.events("sto.link")) == 1


async def test_an_unknown_car_and_an_archived_one_are_refused_alike(impatient_sto: Sto) -> None:
    sto = impatient_sto
    staff, owner = Person(), Person()
    center = await sto.approved(staff)
    archived = await sto.car(owner)
    await sto.deliver(golden(CarArchived, "sold", car_id=archived, owner_id=owner.user_id, sequence=2, archived=True))
    answers = [(await sto.request_link(center, staff, car_id)) for car_id in (archived, uuid4())]
    assert [answer.status_code for answer in answers] == [404, 404]
    bodies: list[dict[str, Any]] = [answer.json() for answer in answers]
    assert bodies[0] | {"trace_id": ""} == bodies[1] | {"trace_id": ""}
    assert await sto.events("sto.link") == []


async def test_an_access_expires_by_itself(sto: Sto) -> None:
    staff, owner = Person(), Person()
    center = await sto.approved(staff)
    until = sto.clock.now + timedelta(days=90)
    answer = await sto.request_link(center, staff, await sto.car(owner), expires_at=until.isoformat())
    link = answer.headers["location"]
    await sto.post(f"{link}/approval", owner, {})
    sto.clock.advance(timedelta(days=90, microseconds=-1))
    await sto.run_timers()
    assert (await sto.get(link, owner)).json()["status"] == "approved"
    sto.clock.advance(timedelta(minutes=5))
    await sto.run_timers()
    ended = (await sto.get(link, owner)).json()
    assert (ended["status"], ended["ended_at"]) == ("expired", until.isoformat().replace("+00:00", "Z"))
    expired = (await sto.events("sto.link"))[-1]
    assert (expired["type"], expired["sequence"], expired["actor"]) == (
        "expired",
        3,
        {"user_id": None, "role": "system"},
    )


async def test_a_request_that_nobody_answers_expires_after_thirty_days(sto: Sto) -> None:
    staff, owner = Person(), Person()
    link = await sto.linked(await sto.approved(staff), staff, owner)
    sto.clock.advance(timedelta(days=30))
    late = await sto.post(f"{link}/approval", owner, {})
    assert (late.status_code, late.json()["type"]) == (409, "urn:carpass:problem:link-state")
    await sto.run_timers()
    assert (await sto.get(link, owner)).json()["status"] == "expired"


@pytest.mark.parametrize("steps", [["approval"], ["decline"], ["approval", "revocation"]])
async def test_what_was_decided_in_time_does_not_expire(sto: Sto, steps: list[str]) -> None:
    staff, owner = Person(), Person()
    link = await sto.linked(await sto.approved(staff), staff, owner)
    for step in steps:
        await sto.post(f"{link}/{step}", owner, {} if step == "approval" else None)
    decided = (await sto.get(link, owner)).json()
    assert await sto.rows("SELECT * FROM timer") == []
    sto.clock.advance(timedelta(days=4000))
    await sto.run_timers()
    assert (await sto.get(link, owner)).json() == decided


@pytest.mark.parametrize("steps", [["approval"], ["decline"], ["approval", "revocation"]])
async def test_a_timer_that_comes_too_late_or_too_early_ends_nothing(sto: Sto, steps: list[str]) -> None:
    staff, owner = Person(), Person()
    center = await sto.approved(staff)
    until = sto.clock.now + timedelta(days=90)
    answer = await sto.request_link(center, staff, await sto.car(owner), expires_at=until.isoformat())
    link = answer.headers["location"]
    for step in steps:
        await sto.post(f"{link}/{step}", owner, {} if step == "approval" else None)
    before = (await sto.get(link, owner)).json()
    async with sto.worker.transaction() as tx:
        await expire_link(tx, link_id=UUID(link.rpartition("/")[2]), due_at=until - timedelta(days=60))
    assert (await sto.get(link, owner)).json() == before
    assert len(await sto.events("sto.link")) == 1 + len(steps)


async def test_an_expiry_that_makes_no_sense_is_refused(sto: Sto) -> None:
    staff = Person()
    center = await sto.approved(staff)
    car_id = await sto.car(Person())
    yesterday = (NOW - timedelta(days=1)).isoformat()
    for expires_at in (yesterday, "9999-12-31T23:59:59-12:00", "tomorrow", "2026-05-01T00:00:00", ""):
        answer = await sto.request_link(center, staff, car_id, expires_at=expires_at)
        assert answer.status_code == 422, expires_at


async def test_links_are_listed_for_the_owner_of_the_cars_and_for_the_center(sto: Sto) -> None:
    staff, owner, stranger = Person(), Person(), Person()
    center, other = await sto.approved(staff), await sto.approved(Person())
    links = []
    for _ in range(3):
        sto.clock.advance(timedelta(minutes=1))
        links.append((await sto.linked(center, staff, owner)).rpartition("/")[2])
    await sto.post(f"{LINKS}/{links[0]}/approval", owner, {})
    center_id = center.rpartition("/")[2]

    first = (await sto.get(LINKS, owner, limit=2)).json()
    rest = (await sto.get(LINKS, owner, limit=2, cursor=first["next_cursor"])).json()
    assert [link["id"] for link in first["data"] + rest["data"]] == links[::-1]
    of_center = (await sto.get(LINKS, staff, center_id=center_id)).json()["data"]
    assert [(link["id"], link["car_label"] is None) for link in of_center] == [
        (links[2], True),
        (links[1], True),
        (links[0], False),
    ]
    requested = (await sto.get(LINKS, owner, status="requested")).json()["data"]
    assert [link["id"] for link in requested] == links[:0:-1]
    car_id = requested[0]["car_id"]
    assert [link["id"] for link in (await sto.get(LINKS, owner, car_id=car_id)).json()["data"]] == [links[2]]
    assert (await sto.get(LINKS, staff)).json()["data"] == []
    assert (await sto.get(LINKS, stranger)).json()["data"] == []
    assert (await sto.get(LINKS, staff, center_id=other.rpartition("/")[2])).status_code == 403
    assert (await sto.get(LINKS, staff, center_id=str(uuid4()))).status_code == 404


async def test_another_owner_ends_what_the_one_before_allowed(sto: Sto) -> None:
    staff, owner, buyer = Person(), Person(), Person()
    center, other = await sto.approved(staff), await sto.approved(staff)
    car_id = await sto.car(owner)
    approved = (await sto.request_link(center, staff, car_id)).headers["location"]
    assert (await sto.post(f"{approved}/approval", owner, {})).status_code == 200
    waiting = (await sto.request_link(other, staff, car_id)).headers["location"]
    sold = {"car_id": car_id, "owner_id": buyer.user_id, "previous_owner_id": owner.user_id, "sequence": 9}
    transferred = golden(CarTransferred, "sold", **sold)
    await sto.deliver(transferred)
    await sto.deliver(transferred)
    assert [(await sto.get(link, staff)).json()["status"] for link in (approved, waiting)] == ["revoked", "declined"]
    assert [event["type"] for event in await sto.events("sto.link")][-2:] in (
        ["revoked", "declined"],
        ["declined", "revoked"],
    )
    assert len(await sto.events("sto.link")) == 5
    again = await sto.request_link(center, staff, car_id)
    assert again.status_code == 201
    assert (await sto.post(f"{again.headers['location']}/approval", owner, {})).status_code in {403, 404}
    assert (await sto.post(f"{again.headers['location']}/approval", buyer, {})).status_code == 200
