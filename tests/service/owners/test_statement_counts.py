"""How many statements a route asks of the database: as many for a long history as for a short one."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from chassis.clock import FixedClock
from chassis.db import Transaction
from owners.consumers import access_timers
from tests.service.owners.amending import checked_in, corrected, read_as
from tests.service.owners.conftest import Owners, Person, completed
from tests.service.owners.test_files import PNG, kept
from tests.service.owners.test_identity_decisions import CONFIRM, QUEUE, case_of, named
from tests.service.owners.test_stale_readings import asks, begun, many_stale

MONEY = {"amount_minor": 5_000, "currency": "RUB"}
# What each route may ask for. To raise a figure is a decision: it is paid by every request.
READS = {
    "": 4,
    "/service-entries": 5,
    "/expenses": 4,
    "/fuel-entries": 4,
    "/odometer": 2,
    "/consumption": 4,
    "/consumption/intervals?energy_kind=petrol": 2,
    "/analytics?from=2024-01-01&to=2024-12-31": 9,
    "/access": 3,
    "/invitations": 2,
    "/valuations": 3,
    "/documents": 5,
    "/expense-schedules": 2,
    "/export": 26,
    "/export?format=zip": 26,
    "/export?format=pdf": 24,
}
WRITES = {"/service-entries": 9, "/expenses": 8, "/fuel-entries": 17, "/odometer": 7}


def body_of(path: str, day: int, km: int) -> dict[str, Any]:
    on, odometer = f"2024-{1 + day // 28:02}-{1 + day % 28:02}", {"value": str(km), "unit": "km"}
    match path:
        case "/service-entries":
            lines = [{"title": "Oil", "kind": "fluid", "amount": MONEY}]
            return {"service_date": on, "lines": lines, "odometer": odometer}
        case "/expenses":
            return {"expense_date": on, "category": "wash", "amount": MONEY, "odometer": odometer}
        case "/fuel-entries":
            fill = {"filled_on": on, "volume": "30", "volume_unit": "l", "unit_price": "50", "full": True}
            return fill | {"odometer": odometer}
        case _:
            return {"observed_on": on, "odometer": odometer}


async def car_with(owners: Owners, person: Person, days: int) -> str:
    car = await owners.car(person, energy_kinds=["petrol"])
    for day in range(days):
        for place, path in enumerate(WRITES):
            await owners.created(f"{car}{path}", person, body_of(path, day, 1_000 + 100 * day + 10 * place))
    return car


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts the statements of transactions."""
    counted: Counter[str] = Counter()

    def counting(name: str) -> Callable[..., Any]:
        real = getattr(Transaction, name)

        async def call(self: Transaction, *arguments: Any, **named: Any) -> Any:
            counted[name] += 1
            return await real(self, *arguments, **named)

        return call

    for name in ("rows", "execute", "fetch"):
        monkeypatch.setattr(Transaction, name, counting(name))
    return counted


async def test_a_long_history_costs_no_more_statements_than_a_short_one(owners: Owners, asked: Counter[str]) -> None:
    anna = await owners.sign_in()
    short, long = await car_with(owners, anna, 3), await car_with(owners, anna, 30)

    async def cost(answering: Any) -> int:
        asked.clear()
        answer: httpx.Response = await answering
        assert answer.status_code in {200, 201}, answer.text
        return asked.total()

    found: dict[str, tuple[int, int, int]] = {}
    for path, most in READS.items():
        costs = [await cost(owners.client.get(f"{car}{path}", headers=anna.headers)) for car in (short, long)]
        found[f"GET {path}"] = (costs[0], costs[1], most)
    for path, most in WRITES.items():
        costs = [await cost(owners.post(f"{car}{path}", anna, body_of(path, 40, 5_000))) for car in (short, long)]
        found[f"POST {path}"] = (costs[0], costs[1], most)
    assert {route: told for route, told in found.items() if told[0] != told[1] or told[1] > told[2]} == {}
    assert all(told[1] > 0 for told in found.values())


async def test_many_small_files_are_exported_by_as_many_statements_as_one(owners: Owners, asked: Counter[str]) -> None:
    anna = await owners.sign_in()
    costs = []
    for files in (1, 20):
        car = await owners.car(anna)
        paper = await owners.created(f"{car}/documents", anna, {"kind": "insurance"})
        for number in range(files):
            await kept(owners, car, anna, PNG + bytes([number]), document_id=paper["id"])
        asked.clear()
        assert (await owners.get(f"{car}/export", anna, format="zip")).status_code == 200
        costs.append(asked.total())
    assert costs[0] == costs[1] <= READS["/export?format=zip"] + 2


AMENDED_READS = {"/service-entries": 6, "/expenses": 5, "/odometer": 2, "/analytics?from=2024-03-02&to=2024-03-30": 9}
BATCHES = {"completions": 7, "corrections": 8, "check-ins": 4}
"""With the claim of the inbox; several amended visits cost as much as one, and completions nothing for amendments."""


async def test_amended_visits_cost_as_many_statements_as_one(owners: Owners, asked: Counter[str]) -> None:
    anna = await owners.sign_in()
    one, many = await owners.car(anna), await owners.car(anna)
    found: dict[str, list[int]] = {}

    async def deliver(what: str, events: list[Any]) -> None:
        asked.clear()
        await owners.deliver(*events)
        found.setdefault(what, []).append(asked.total())

    for car, count in ((one, 1), (many, 6)):
        orders = [completed(car, odometer=read_as(187_420 + place)) for place in range(count)]
        await deliver("completions", list(orders))
        wrong = [corrected(order, "odometer-digits-swapped", odometer=read_as(184_720)) for order in orders]
        await deliver("corrections", [*wrong, *(corrected(order, "total-lowered", 3) for order in orders)])
        await deliver("check-ins", [checked_in(car) for _ in range(count)])
    assert {what: told for what, told in found.items() if told != [BATCHES[what]] * 2} == {}
    costs: dict[str, list[int]] = {}
    for path in AMENDED_READS:
        for car in (one, many):
            asked.clear()
            answer = await owners.client.get(f"{car}{path}", headers=anna.headers)
            assert answer.status_code == 200, answer.text
            costs.setdefault(path, []).append(asked.total())
    assert {path: told for path, told in costs.items() if told != [AMENDED_READS[path]] * 2} == {}


async def test_moderation_asks_as_much_for_many_disputes_as_for_one(owners: Owners, asked: Counter[str]) -> None:
    anna, moderator = await owners.sign_in(), await named(owners)

    async def dispute(place: int, rivals: int) -> str:
        vin = f"XTA2109904357{6100 + place}"
        cars = [await owners.car(anna, vin=vin) for _ in range(rivals + 1)]
        await owners.deliver(*(completed(car, car={"vin": vin}) for car in cars))
        return cars[-1]

    found: list[list[int]] = []
    for disputes in ([1], [2, 5, 8, 3, 4]):
        cars = [await dispute(10 * len(found) + place, rivals) for place, rivals in enumerate(disputes)]
        costs = []
        for path in (QUEUE, case_of(cars[-1])):
            asked.clear()
            assert (await owners.get(path, moderator, limit=100)).status_code == 200
            costs.append(asked.total())
        case = (await owners.get(case_of(cars[-1]), moderator)).json()
        ruling = CONFIRM | {"rival_id": case["rival_id"]}
        asked.clear()
        decided = await owners.client.post(
            f"{case_of(cars[-1])}/decision", headers=moderator.acting(version=case["version"]), json=ruling
        )
        assert decided.status_code == 200, decided.text
        found.append([*costs, asked.total()])
    assert found == [[4, 4, 10]] * 2


SWEPT = {"of stale cars": 10, "of others": 5}
"""With the timer's claim, its removal and its next time; as many for 200 cars as for one."""


@pytest.mark.parametrize("count", [1, 200])
async def test_many_stale_cars_are_asked_for_by_as_many_statements_as_one(
    owners: Owners, asked: Counter[str], count: int
) -> None:
    await many_stale(owners, count)
    found = {}
    for days, what in enumerate(SWEPT):
        at = owners.clock() + timedelta(days=2 * days)
        await begun(owners, at)
        asked.clear()
        assert await access_timers(FixedClock(at)).run_due(owners.worker)
        found[what] = asked.total()
        assert len(await asks(owners)) == count
    assert found == SWEPT
