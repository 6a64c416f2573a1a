import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.owners import ProfileUpdated
from sto.commands.change_employee import deactivate_employee
from tests.service.sto.conftest import DOCUMENT, Sto
from tests.support.golden import golden
from tests.support.people import Person

ROLES = ("owner", "manager", "receptionist", "mechanic")
# What each role's request is answered, written from the specification. The order is that of ROLES, then a stranger.
EXPECTED = {
    "read the center": (200, 200, 200, 200, 200),
    "edit the center": (200, 200, 403, 403, 403),
    "see the verification": (200, 200, 403, 403, 403),
    "apply again": (409, 409, 403, 403, 403),  # allowed, but there is nothing to apply for
    "list employees": (200, 200, 200, 200, 403),
    "invite an owner": (201, 403, 403, 403, 403),
    "invite a manager": (201, 201, 403, 403, 403),
    "invite a mechanic": (201, 201, 403, 403, 403),
    "make a mechanic an owner": (200, 403, 403, 403, 403),
    "make an owner a mechanic": (200, 403, 403, 403, 403),
    "make a mechanic a manager": (200, 200, 403, 403, 403),
    "deactivate an owner": (200, 403, 403, 403, 403),
    "deactivate a mechanic": (200, 200, 403, 403, 403),
    "list links": (200, 200, 200, 200, 403),
    "request a link": (201, 201, 201, 403, 403),
}


READS = {"read the center": "", "see the verification": "/verification", "list employees": "/employees"}


class Asking:
    """One approved center, and each action of the matrix tried at it by somebody."""

    def __init__(self, sto: Sto, owner: Person, center: str) -> None:
        self.sto = sto
        self.owner = owner
        self.center = center

    async def __call__(self, action: str, person: Person) -> int:
        sto, center = self.sto, self.center
        version = int((await sto.get(center, self.owner)).headers["etag"].strip('"'))
        if action in READS:
            return (await sto.get(center + READS[action], person)).status_code
        match action.split():
            case ["edit", *_]:
                answer = await sto.patch(center, person, {"name": "Another"}, version)
            case ["apply", *_]:
                answer = await sto.post(f"{center}/verification", person, {"documents": [DOCUMENT]})
            case ["invite", _, role]:
                answer = await sto.post(f"{center}/invitations", person, {"role": role})
            case ["make", _, old, _, new]:
                _, employment = await sto.hire(center, self.owner, old)
                answer = await sto.patch(employment, person, {"role": new}, 1)
            case ["deactivate", _, role]:
                _, employment = await sto.hire(center, self.owner, role)
                answer = await sto.post(f"{employment}/deactivation", person)
            case ["list", "links"]:
                answer = await sto.get("/v1/car-links", person, center_id=center.rpartition("/")[2])
            case ["request", *_]:
                answer = await sto.request_link(center, person, await sto.car(Person()))
        return answer.status_code


@pytest.mark.parametrize("place", range(5), ids=[*ROLES, "stranger"])
async def test_each_role_is_answered_as_the_matrix_says(sto: Sto, place: int) -> None:
    owner = Person()
    center = await sto.approved(owner)
    person = Person()
    if place < len(ROLES):
        person, _ = await sto.hire(center, owner, ROLES[place])
    ask = Asking(sto, owner, center)
    answered = {action: await ask(action, person) for action in EXPECTED}
    assert answered == {action: statuses[place] for action, statuses in EXPECTED.items()}


async def test_an_invitation_that_twenty_people_take_at_once_employs_one(sto: Sto) -> None:
    owner = Person()
    center = await sto.found(owner)
    token = await sto.invite(center, owner, "receptionist")
    people = [Person() for _ in range(20)]
    answers = await asyncio.gather(*(sto.accept(token, person) for person in people))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    (winner,) = (answer.json() for answer in answers if answer.status_code == 201)
    employees = (await sto.get(f"{center}/employees", owner)).json()["data"]
    assert [(employee["user_id"], employee["role"]) for employee in employees] == [
        (str(owner.user_id), "owner"),
        (winner["user_id"], "receptionist"),
    ]
    joined = await sto.events("sto.employee")
    assert [(event["type"], event["user_id"]) for event in joined[1:]] == [("joined", winner["user_id"])]


async def test_a_token_is_told_once_and_kept_nowhere(sto: Sto) -> None:
    owner = Person()
    path = f"{await sto.found(owner)}/invitations"
    first = await sto.post(path, owner, {"role": "mechanic"}, key="again")
    repeated = await sto.post(path, owner, {"role": "mechanic"}, key="again")
    token = first.json()["token"]
    assert (repeated.status_code, repeated.json()) == (201, first.json() | {"token": None})
    assert len(await sto.rows("SELECT * FROM invitation")) == 1
    tables = await sto.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for table in tables:
        for row in await sto.rows(f"SELECT t::text AS line FROM {table.tablename} t"):  # noqa: S608
            assert token not in row.line
            assert token.encode().hex() not in row.line


async def test_an_invitation_is_valid_for_seven_days(sto: Sto) -> None:
    owner = Person()
    center = await sto.found(owner)
    late, in_time = [await sto.invite(center, owner, "mechanic") for _ in range(2)]
    sto.clock.advance(timedelta(days=7, seconds=-1))
    assert (await sto.accept(in_time, Person())).status_code == 201
    sto.clock.advance(timedelta(seconds=1))
    answer = await sto.accept(late, Person())
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:carpass:problem:invitation-expired")


async def test_a_token_that_was_never_given_out_is_a_missing_resource(sto: Sto) -> None:
    for token in ("x", "тест", "0" * 200):
        assert (await sto.accept(token, Person())).status_code == 404


async def test_who_works_at_a_center_does_not_use_up_an_invitation_to_it(sto: Sto) -> None:
    owner, newcomer = Person(), Person()
    token = await sto.invite(await sto.found(owner), owner, "mechanic")
    again = await sto.accept(token, owner)
    assert (again.status_code, again.json()["type"]) == (409, "urn:carpass:problem:already-employed")
    assert (await sto.accept(token, newcomer)).status_code == 201


async def test_one_person_works_at_several_centers_in_different_roles(sto: Sto) -> None:
    owner, other = Person(), Person()
    first, second = await sto.found(owner), await sto.found(other)
    assert (await sto.accept(await sto.invite(second, other, "mechanic"), owner)).status_code == 201
    assert (await sto.get(first, owner)).json()["my_role"] == "owner"
    assert (await sto.get(second, owner)).json()["my_role"] == "mechanic"


async def test_a_deactivation_holds_from_the_next_request_on(sto: Sto) -> None:
    owner = Person()
    center = await sto.found(owner)
    manager, employment = await sto.hire(center, owner, "manager")
    assert (await sto.get(f"{center}/employees", manager)).status_code == 200
    answer = await sto.post(f"{employment}/deactivation", owner)
    assert (answer.status_code, answer.json()["active"]) == (200, False)
    assert (await sto.get(center, manager)).status_code == 404
    assert (await sto.get(f"{center}/employees", manager)).status_code == 404
    assert (await sto.post(f"{center}/invitations", manager, {"role": "mechanic"})).status_code == 404
    again = await sto.post(f"{employment}/deactivation", owner)
    assert (again.status_code, again.json()["type"]) == (409, "urn:carpass:problem:employment-ended")


async def test_who_is_sent_away_cannot_come_back_by_an_invitation_of_his_own(sto: Sto) -> None:
    owner = Person()
    center = await sto.found(owner)
    manager, employment = await sto.hire(center, owner, "manager")
    kept = await sto.invite(center, manager, "manager")
    await sto.post(f"{employment}/deactivation", owner)
    assert (await sto.accept(kept, manager)).status_code == 409


async def test_who_loses_the_right_to_invite_loses_the_invitations_sent(sto: Sto) -> None:
    owner, second = Person(), Person()
    center = await sto.found(owner)
    employment = (await sto.accept(await sto.invite(center, owner, "owner"), second)).json()["id"]
    for_owner, for_mechanic = [await sto.invite(center, second, role) for role in ("owner", "mechanic")]
    demoted = await sto.patch(f"{center}/employees/{employment}", owner, {"role": "manager"}, 1)
    assert demoted.status_code == 200
    assert (await sto.accept(for_owner, Person())).status_code == 409
    assert (await sto.accept(for_mechanic, Person())).status_code == 201


async def test_who_comes_back_has_a_new_employment(sto: Sto) -> None:
    owner = Person()
    center = await sto.found(owner)
    mechanic, employment = await sto.hire(center, owner, "mechanic")
    await sto.post(f"{employment}/deactivation", mechanic)
    back = await sto.accept(await sto.invite(center, owner, "receptionist"), mechanic)
    assert back.status_code == 201
    assert back.json()["id"] not in employment
    listed = (await sto.get(f"{center}/employees", owner)).json()["data"]
    everybody = (await sto.get(f"{center}/employees", owner, with_former=True)).json()["data"]
    assert [employee["role"] for employee in listed] == ["owner", "receptionist"]
    assert [(employee["role"], employee["active"]) for employee in everybody] == [
        ("owner", True),
        ("mechanic", False),
        ("receptionist", True),
    ]


@pytest.mark.parametrize("leaving", [True, False])
async def test_the_last_owner_stays(sto: Sto, leaving: bool) -> None:
    owner = Person()
    center = await sto.found(owner)
    employment = f"{center}/employees/{(await sto.get(f'{center}/employees', owner)).json()['data'][0]['id']}"

    async def go() -> Any:
        if leaving:
            return await sto.post(f"{employment}/deactivation", owner)
        return await sto.patch(employment, owner, {"role": "manager"}, 1)

    refused = await go()
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:carpass:problem:last-owner")
    await sto.hire(center, owner, "owner")
    assert (await go()).status_code == 200


async def test_of_two_owners_who_leave_at_once_one_stays(sto: Sto) -> None:
    owner = Person()
    center = await sto.found(owner)
    second, employment = await sto.hire(center, owner, "owner")
    first = f"{center}/employees/{(await sto.get(f'{center}/employees', owner)).json()['data'][0]['id']}"
    ids = [UUID(path.rpartition("/")[2]) for path in (center, first)]
    async with sto.api.transaction(user_id=owner.user_id) as tx:
        await deactivate_employee(tx, center_id=ids[0], employee_id=ids[1], caller_id=owner.user_id, now=sto.clock.now)
        leaving = asyncio.create_task(sto.post(f"{employment}/deactivation", second))
        await sto.until_a_request_waits_for_a_lock()
    assert (await leaving).status_code == 409
    left = await sto.rows("SELECT * FROM employee WHERE role = 'owner' AND active")
    assert len(left) == 1


async def test_a_role_changes_with_if_match_only_and_events_count_without_gaps(sto: Sto) -> None:
    owner = Person()
    center = await sto.found(owner)
    _, employment = await sto.hire(center, owner, "mechanic")
    assert (await sto.patch(employment, owner, {"role": "manager"}, None)).status_code == 428
    assert (await sto.patch(employment, owner, {"role": "manager"}, 2)).status_code == 412
    changed = await sto.patch(employment, owner, {"role": "manager"}, 1)
    assert (changed.json()["role"], changed.json()["version"], changed.headers["etag"]) == ("manager", 2, '"2"')
    same = await sto.patch(employment, owner, {"role": "manager"}, 2)
    assert (same.status_code, same.headers["etag"]) == (200, '"2"')
    await sto.post(f"{employment}/deactivation", owner)
    events = [event for event in await sto.events("sto.employee") if event["employee_id"] in employment]
    assert [(event["sequence"], event["type"], event["role"], event["active"]) for event in events] == [
        (1, "joined", "mechanic", True),
        (2, "role-changed", "manager", True),
        (3, "deactivated", "manager", False),
    ]
    assert events[1]["previous_role"] == "mechanic"
    by = {"user_id": str(owner.user_id), "role": "owner"}
    assert [event["actor"] for event in events[1:]] == [by, by]


async def test_an_employment_at_another_center_is_a_missing_one(sto: Sto) -> None:
    owner, other = Person(), Person()
    mine, theirs = await sto.found(owner), await sto.found(other)
    _, employment = await sto.hire(theirs, other, "mechanic")
    employee_id = employment.rpartition("/")[2]
    assert (await sto.post(f"{mine}/employees/{employee_id}/deactivation", owner)).status_code == 404
    assert (await sto.patch(f"{mine}/employees/{employee_id}", owner, {"role": "manager"}, 1)).status_code == 404


async def test_employees_are_listed_by_name_page_by_page(sto: Sto) -> None:
    owner = Person()
    center = await sto.found(owner)
    for role in ("manager", "mechanic"):
        sto.clock.advance(timedelta(minutes=1))
        await sto.hire(center, owner, role)
    await sto.deliver(golden(ProfileUpdated, "name", user_id=owner.user_id, display_name="Анна", sequence=1))
    first = (await sto.get(f"{center}/employees", owner, limit=2)).json()
    rest = (await sto.get(f"{center}/employees", owner, limit=2, cursor=first["next_cursor"])).json()
    assert [(employee["role"], employee["display_name"]) for employee in first["data"] + rest["data"]] == [
        ("owner", "Анна"),
        ("manager", None),
        ("mechanic", None),
    ]
    assert rest["has_more"] is False
