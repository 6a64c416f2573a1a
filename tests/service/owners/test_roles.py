"""Role x action: who may do what with a car."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.service.owners.conftest import Owners, Person
from tests.service.owners.test_access import accepted, invited
from tests.service.owners.test_transfer import handed_over

ROLES = ("owner", "manager", "driver", "viewer", "stranger", "former")
# ok: done. no: seen, and not allowed (403). hid: as if there were no such car (404). From the specification, by hand.
TABLE = """
see_car            ok ok ok ok hid ok
see_service        ok ok ok ok hid ok
see_expense        ok ok ok ok hid ok
see_fuel           ok ok ok ok hid ok
see_odometer       ok ok ok ok hid ok
see_consumption    ok ok ok ok hid ok
see_analytics      ok ok ok ok hid ok
add_service        ok ok ok no hid no
add_expense        ok ok ok no hid no
add_fuel           ok ok ok no hid no
add_reading        ok ok ok no hid no
edit_service       ok ok no no hid no
edit_expense       ok ok no no hid no
edit_fuel          ok ok no no hid no
remove_service     ok ok no no hid no
remove_expense     ok ok no no hid no
remove_fuel        ok ok no no hid no
edit_car           ok no no no hid no
archive_car        ok no no no hid no
see_loan           ok no no no hid ok
set_loan           ok no no no hid no
see_valuations     ok no no no hid ok
add_valuation      ok no no no hid no
set_depreciation   ok no no no hid no
export             ok no no no hid ok
see_access         ok ok ok ok hid ok
see_invitations    ok no no no hid no
invite             ok no no no hid no
see_offer          ok no no no hid no
offer              ok no no no hid no
"""
MEANING = {"ok": {200, 201, 204}, "no": {403}, "hid": {404}}
CELLS = [
    (role, action, expected)
    for action, *row in map(str.split, TABLE.strip().splitlines())
    for role, expected in zip(ROLES, row, strict=True)
]
MONEY = {"amount_minor": 5_000, "currency": "RUB"}
SERVICE = {"service_date": "2024-02-01", "lines": [{"title": "Oil", "kind": "fluid", "amount": MONEY}]}
EXPENSE = {"expense_date": "2024-02-02", "category": "wash", "amount": MONEY}
FUEL = {"filled_on": "2024-02-03", "energy_kind": "petrol", "volume": "40", "volume_unit": "l", "total": MONEY}
READING = {"odometer": {"value": "1000", "unit": "km"}, "observed_on": "2024-01-01"}
LOAN = {"principal": MONEY, "annual_rate_percent": "10", "months": 12, "first_payment_on": "2024-03-01"}
STRAIGHT = {"method": "straight_line", "residual": MONEY, "years_of_life": "8"}
VALUE = {"valued_on": "2024-05-01", "amount": MONEY}
BODIES: dict[str, dict[str, Any]] = {"service-entries": SERVICE, "expenses": EXPENSE, "fuel-entries": FUEL}


@dataclass(frozen=True)
class Shared:
    """A car with an entry of each kind by its present owner, and everybody there is."""

    owners: Owners
    car: str
    people: dict[str, Person]
    entries: dict[str, str]


type Doing = Callable[[Shared, Person], Awaitable[httpx.Response]]


def _see(path: str) -> Doing:
    return lambda on, person: on.owners.get(f"{on.car}{path}", person)


def _add(path: str, body: dict[str, Any]) -> Doing:
    return lambda on, person: on.owners.post(f"{on.car}{path}", person, body)


def _edit(kind: str, body: dict[str, Any]) -> Doing:
    return lambda on, person: on.owners.patch(on.entries[kind], person, body, 1)


def _remove(kind: str) -> Doing:
    return lambda on, person: on.owners.delete(on.entries[kind], person, 1)


def _put(path: str, body: dict[str, Any]) -> Doing:
    return lambda on, person: on.owners.client.put(f"{on.car}{path}", headers=person.acting(), json=body)


ACTIONS: dict[str, Doing] = {
    "see_car": _see(""),
    "see_service": _see("/service-entries"),
    "see_expense": _see("/expenses"),
    "see_fuel": _see("/fuel-entries"),
    "see_odometer": _see("/odometer"),
    "see_consumption": _see("/consumption"),
    "see_analytics": _see("/analytics"),
    "add_service": _add("/service-entries", SERVICE),
    "add_expense": _add("/expenses", EXPENSE),
    "add_fuel": _add("/fuel-entries", FUEL),
    "add_reading": _add("/odometer", READING),
    "edit_service": _edit("service-entries", {"note": "by another"}),
    "edit_expense": _edit("expenses", {"note": "by another"}),
    "edit_fuel": _edit("fuel-entries", {"note": "by another"}),
    "remove_service": _remove("service-entries"),
    "remove_expense": _remove("expenses"),
    "remove_fuel": _remove("fuel-entries"),
    "edit_car": lambda on, person: on.owners.patch(on.car, person, {"nickname": "Ласточка"}, 2),
    "archive_car": _add("/archive", {}),
    "see_loan": _see("/loan"),
    "set_loan": _put("/loan", LOAN),
    "see_valuations": _see("/valuations"),
    "add_valuation": _add("/valuations", VALUE),
    "set_depreciation": _put("/depreciation", STRAIGHT),
    "export": _see("/export"),
    "see_access": _see("/access"),
    "see_invitations": _see("/invitations"),
    "invite": _add("/invitations", {"role": "viewer"}),
    "see_offer": _see("/transfer"),
    "offer": _add("/transfer", {}),
}


@pytest.fixture
async def shared(owners: Owners) -> Shared:
    people = {role: await owners.sign_in() for role in ROLES}
    owner = people["owner"]
    bought = {"date": "2024-01-01", "price": {"amount_minor": 90_000_000, "currency": "RUB"}}
    car = await owners.car(people["former"], energy_kinds=["petrol"], purchase=bought)
    await handed_over(owners, car, people["former"], owner)
    for role in ("manager", "driver", "viewer"):
        await accepted(owners, people[role], (await invited(owners, car, owner, role))["token"])
    made = {kind: (await owners.created(f"{car}/{kind}", owner, body))["id"] for kind, body in BODIES.items()}
    return Shared(owners, car, people, {kind: f"{car}/{kind}/{entry_id}" for kind, entry_id in made.items()})


def test_every_action_has_a_row() -> None:
    assert {action for _, action, _ in CELLS} == set(ACTIONS)


@pytest.mark.parametrize("role", ROLES)
async def test_role_may_do_what_the_table_says_and_a_refusal_changes_nothing(shared: Shared, role: str) -> None:
    person = shared.people[role]
    wrong: list[tuple[Any, ...]] = []
    for _, action, expected in sorted((cell for cell in CELLS if cell[0] == role), key=lambda cell: cell[2] == "ok"):
        if expected == "ok" and action.startswith("remove"):
            continue  # below, after what needs the entries
        before = await shared.owners.checksums()
        answer = await ACTIONS[action](shared, person)
        nothing_there = (action, role) in {("see_loan", "owner"), ("see_loan", "former"), ("see_offer", "owner")}
        good = MEANING[expected] | ({404} if nothing_there else set())
        if answer.status_code not in good:
            wrong.append((action, expected, answer.status_code, answer.text))
        elif expected != "ok" and {**await shared.owners.checksums(), "idempotency_key": ""} != {
            **before,
            "idempotency_key": "",
        }:
            wrong.append((action, "changed something"))
    assert wrong == []


@pytest.mark.parametrize("role", ["owner", "manager"])
async def test_manager_removes_what_others_entered(shared: Shared, role: str) -> None:
    for entry in shared.entries.values():
        assert (await shared.owners.delete(entry, shared.people[role], 1)).status_code == 204


@pytest.mark.parametrize("role", ["manager", "driver"])
async def test_who_may_add_edits_and_removes_the_own_and_is_named_as_author(shared: Shared, role: str) -> None:
    owners, person, owner = shared.owners, shared.people[role], shared.people["owner"]
    for kind, body in BODIES.items():
        made = await owners.created(f"{shared.car}/{kind}", person, body)
        one = f"{shared.car}/{kind}/{made['id']}"
        assert made["author_id"] == str(person.user_id)
        edited = await owners.patch(one, person, {"note": "мой"}, 1)
        assert edited.status_code == 200, edited.text
        assert (await owners.get(one, owner)).json()["note"] == "мой"
        version = int(edited.headers["etag"].strip('"'))
        assert (await owners.delete(one, person, version)).status_code == 204
    published = (await owners.events("owners.record"))[-1]
    assert (published["actor"]["role"], published["owner_id"]) == (f"car_{role}", str(owner.user_id))
