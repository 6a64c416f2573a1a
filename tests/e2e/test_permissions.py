"""Who may do what with a work order, and what the others hear, asked through the gateway.

The whole matrix of states, roles and actions is tested where the rules live; this is what of it reaches a client.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import pytest

from cli.client.gateway import Gateway, Person
from cli.demo.scenario import Employee
from cli.stack.stack import Stack
from tests.e2e.orders import Order
from tests.e2e.playing import PATIENCE, Rehearsed, newcomer, recast, rehearse
from tests.support.eventually import eventually

ROLES = ("owner", "manager", "receptionist", "assigned", "mechanic", "customer", "stranger", "elsewhere")
STATES = ("draft", "awaiting_approval", "approved", "in_progress", "ready", "completed")

# From the table of the specification, by hand, the roles in the order above. ok: done. no: not for this role (403).
# late: not in this state (409). hid: as if there were no such order (404).
TABLE = """
draft              jobs          ok    ok    ok    no    no    no    hid  hid
draft              estimate      ok    ok    ok    no    no    no    hid  hid
draft              approval      no    no    no    no    no    late  hid  hid
draft              start         late  late  no    late  no    no    hid  hid
draft              completion    late  late  no    no    no    no    hid  hid
draft              cancellation  ok    ok    no    no    no    ok    hid  hid
awaiting_approval  jobs          late  late  late  no    no    no    hid  hid
awaiting_approval  approval      no    no    no    no    no    ok    hid  hid
awaiting_approval  consent       ok    ok    ok    no    no    no    hid  hid
awaiting_approval  withdrawal    ok    ok    ok    ok    ok    no    hid  hid
awaiting_approval  start         late  late  no    late  no    no    hid  hid
awaiting_approval  cancellation  ok    ok    no    no    no    ok    hid  hid
approved           start         ok    ok    no    ok    no    no    hid  hid
approved           completion    late  late  no    no    no    no    hid  hid
approved           cancellation  ok    ok    no    no    no    ok    hid  hid
in_progress        pause         ok    ok    no    ok    ok    no    hid  hid
in_progress        ready         ok    ok    no    ok    no    no    hid  hid
in_progress        completion    late  late  no    no    no    no    hid  hid
in_progress        cancellation  ok    ok    no    no    no    no    hid  hid
ready              reopening     ok    ok    no    ok    no    no    hid  hid
ready              completion    ok    ok    no    no    no    no    hid  hid
ready              cancellation  ok    ok    no    no    no    no    hid  hid
completed          jobs          late  late  late  no    no    no    hid  hid
completed          reopening     late  late  no    late  no    no    hid  hid
completed          completion    late  late  no    no    no    no    hid  hid
completed          cancellation  late  late  no    no    no    late  hid  hid
"""
MEANING = {"ok": {200, 201}, "no": {403}, "late": {409}, "hid": {404}}
AT_ONCE = 48  # a refusal takes two seconds, in which read models may catch up; 64 may wait in one process


class Cell(NamedTuple):
    state: str
    action: str
    role: str
    expected: str


CELLS = [
    Cell(state, action, role, expected)
    for state, action, *row in map(str.split, TABLE.strip().splitlines())
    for role, expected in zip(ROLES, row, strict=True)
]


@dataclass(frozen=True)
class Workshop:
    """A center with everybody in it, people who are not of it, and a client that takes any answer."""

    rehearsed: Rehearsed
    people: dict[str, Person]
    http: httpx.AsyncClient
    few: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def attempt(self, order: Order, cell: Cell) -> int:
        """The status that this role's attempt is answered with."""
        path, body = f"{order.path}/{cell.action}", _body(order, cell.action)
        return await self.post(self.people[cell.role], path, body, etag=order.last.etag)

    async def post(self, person: Person, path: str, body: Any, *, etag: str = '"0"') -> int:
        """The answer's status. As a good client it comes back with the same key when the service is busy."""
        headers = {
            "Authorization": f"Bearer {person.access_token}",
            "Idempotency-Key": str(uuid4()),
            "If-Match": etag,
        }

        async def answer() -> int | bool:
            async with self.few:
                status = (await self.http.post(path, json=body, headers=headers)).status_code
            return status not in {503, 504} and status

        return await eventually(answer, within=PATIENCE, every=0.2)


@pytest.fixture(scope="module")
async def workshop(stack: Stack, gateway: Gateway) -> AsyncIterator[Workshop]:
    scenario = recast("brakes-and-timing-belt", "Rolf")
    manager, second = Employee(name="Manager Rolf", role="manager"), Employee(name="Second Rolf", role="mechanic")
    scenario = scenario.model_copy(update={"staff": [*scenario.staff, manager, second]})
    rehearsed = await rehearse(stack, gateway, scenario)
    cast = rehearsed.cast
    elsewhere = await newcomer(stack, gateway, "Elsewhere")
    await elsewhere.post("/v1/service-centers", scenario.center)
    people = {
        "owner": cast.founder,
        "manager": cast.staff[manager.name],
        "receptionist": cast.office,
        "assigned": cast.mechanic,
        "mechanic": cast.staff[second.name],
        "customer": cast.customer,
        "stranger": await newcomer(stack, gateway, "Stranger"),
        "elsewhere": elsewhere,
    }
    async with httpx.AsyncClient(base_url=stack.gateway_url, timeout=PATIENCE) as http:
        yield Workshop(rehearsed, people, http)


def _unexpected(asked: list[Cell], statuses: list[int]) -> dict[Cell, int]:
    answered = zip(asked, statuses, strict=True)
    return {cell: status for cell, status in answered if status not in MEANING[cell.expected]}


def _body(order: Order, action: str) -> Any:
    estimate = order.last.body["estimate"]
    bodies: dict[str, Any] = {
        "jobs": {"title": "Wash"},
        "approval": order.answer("authorise"),
        "pause": {"status": "on_hold", "reason": "Lunch"},
        "cancellation": {"reason": "No money"},
        "completion": order.reading,
    }
    if estimate is not None:
        told = {"added_cost": estimate["total"], "revised_total": estimate["total"]}
        call = {"channel": "phone", "given_by": "owner", "given_at": estimate["sent_at"], "reason": "Called back"}
        bodies["consent"] = order.answer("authorise") | told | call
    return bodies.get(action)


async def test_refused_role_or_state_is_told_and_changes_nothing(workshop: Workshop) -> None:
    async def refuse(state: str) -> dict[Cell, int]:
        order = await (await Order.opened(workshop.rehearsed)).advance(state)
        refused = [cell for cell in CELLS if cell.state == state and cell.expected != "ok"]
        assert len(refused) > len(ROLES)
        statuses = await asyncio.gather(*(workshop.attempt(order, cell) for cell in refused))
        after = await workshop.people["owner"].get(order.path)
        assert (after.etag, after.body["status"]) == (order.last.etag, state)
        return _unexpected(refused, statuses)

    assert await asyncio.gather(*map(refuse, STATES)) == [{} for _ in STATES]


async def test_role_that_may_do_it_does_it(workshop: Workshop) -> None:
    async def perform(share: list[Cell]) -> dict[Cell, int]:
        statuses = []
        for cell in share:
            order = await (await Order.opened(workshop.rehearsed)).advance(cell.state)
            statuses.append(await workshop.attempt(order, cell))
        return _unexpected(share, statuses)

    allowed = [cell for cell in CELLS if cell.expected == "ok"]
    shares = [allowed[first::4] for first in range(4)]
    assert await asyncio.gather(*map(perform, shares)) == [{} for _ in shares]


async def test_only_the_people_concerned_read_an_order(workshop: Workshop) -> None:
    order = await (await Order.opened(workshop.rehearsed)).advance("completed")
    for role, person in workshop.people.items():
        headers = {"Authorization": f"Bearer {person.access_token}"}
        for part in ("", "/history", "/estimates", "/estimates/1", "/snapshot"):
            answer = await workshop.http.get(order.path + part, headers=headers)
            assert answer.status_code == (404 if role in {"stranger", "elsewhere"} else 200), (role, part)


async def test_only_the_office_opens_an_order(workshop: Workshop) -> None:
    prepared = workshop.rehearsed.prepared
    wanted = {"center_id": prepared.center_id, "car_id": prepared.car_id}
    opened = (workshop.post(workshop.people[role], "/v1/work-orders", wanted) for role in ROLES)
    assert dict(zip(ROLES, await asyncio.gather(*opened), strict=True)) == {
        "owner": 201,
        "manager": 201,
        "receptionist": 201,
        "assigned": 403,
        "mechanic": 403,
        "customer": 404,
        "stranger": 404,
        "elsewhere": 404,
    }
