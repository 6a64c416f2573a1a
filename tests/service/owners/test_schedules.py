"""Expenses that come back: entered on their days, once, whoever looks."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.clock import FixedClock
from owners.consumers import access_timers
from owners.domain.ownership.calendar import months_after
from owners.domain.schedule import ExpenseSchedule
from tests.service.owners.conftest import Owners, Person
from tests.service.owners.test_access import accepted, invited
from tests.service.owners.test_transfer import handed_over

AMOUNT = {"amount_minor": 125_000, "currency": "RUB"}
ZONE = "Asia/Yekaterinburg"


def today(owners: Owners) -> date:
    return owners.clock().astimezone(ZoneInfo(ZONE)).date()


def monthly(starts_on: date, **more: Any) -> dict[str, Any]:
    told = {"category": "parking", "amount": AMOUNT, "note": "двор", "time_zone": ZONE, "every_months": 1}
    return told | {"starts_on": str(starts_on)} | more


async def run_until(owners: Owners, instant: datetime, *, workers: int = 1) -> None:
    """All timers that are due then, by several workers."""

    async def run() -> None:
        timers = access_timers(FixedClock(instant))
        while await timers.run_due(owners.worker):
            pass

    await asyncio.gather(*(run() for _ in range(workers)))


async def begun(owners: Owners, **more: Any) -> tuple[Person, str, dict[str, Any]]:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    return anna, car, await owners.created(f"{car}/expense-schedules", anna, monthly(today(owners), **more))


async def test_expense_comes_on_each_day_once_even_after_a_long_silence(owners: Owners) -> None:
    anna, car, made = await begun(owners)
    start = today(owners)
    assert made["next_on"] == str(start)
    await run_until(owners, owners.clock() + timedelta(days=100), workers=3)
    await run_until(owners, owners.clock() + timedelta(days=100), workers=3)
    rows = await owners.listed(f"{car}/expenses", anna)
    days = [
        str(months_after(start, number))
        for number in range(20)
        if months_after(start, number) <= start + timedelta(days=100)
    ]
    assert [row["expense_date"] for row in reversed(rows)] == days
    assert {(row["amount"]["amount_minor"], row["note"], row["schedule_id"]) for row in rows} == {
        (125_000, "двор", made["id"])
    }
    recorded = [one for one in await owners.events("owners.record") if one["type"] == "owners.expense.recorded"]
    assert [one["sequence"] for one in recorded] == list(range(1, len(days) + 1))
    assert {one["actor"]["role"] for one in recorded} == {"system"}
    seen = (await owners.get(f"{car}/expense-schedules/{made['id']}", anna)).json()
    assert seen["next_on"] == str(months_after(start, len(days)))


async def test_nothing_comes_before_its_day_begins_there(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    day = today(owners) + timedelta(days=3)
    await owners.created(f"{car}/expense-schedules", anna, monthly(day))
    begins = datetime.combine(day, datetime.min.time(), ZoneInfo(ZONE))
    await run_until(owners, begins - timedelta(seconds=1))
    assert await owners.listed(f"{car}/expenses", anna) == []
    await run_until(owners, begins)
    assert len(await owners.listed(f"{car}/expenses", anna)) == 1


async def test_end_is_the_last_day(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    start = today(owners)
    until = months_after(start, 2)
    made = await owners.created(f"{car}/expense-schedules", anna, monthly(start, ends_on=str(until)))
    await run_until(owners, owners.clock() + timedelta(days=400))
    assert len(await owners.listed(f"{car}/expenses", anna)) == 3
    assert (await owners.get(f"{car}/expense-schedules/{made['id']}", anna)).json()["next_on"] is None


async def test_edit_changes_what_comes_and_not_what_came(owners: Owners) -> None:
    anna, car, made = await begun(owners)
    one = f"{car}/expense-schedules/{made['id']}"
    await run_until(owners, owners.clock())
    dearer = {"amount": {"amount_minor": 130_000, "currency": "RUB"}}
    assert (await owners.patch(one, anna, dearer, 1)).status_code == 200
    assert (await owners.patch(one, anna, {"note": "x"}, 1)).status_code == 412
    await run_until(owners, owners.clock() + timedelta(days=32))
    amounts = [row["amount"]["amount_minor"] for row in await owners.listed(f"{car}/expenses", anna)]
    assert amounts == [130_000, 125_000]
    moved = str(today(owners) + timedelta(days=200))
    assert (await owners.patch(one, anna, {"starts_on": moved}, 2)).json()["next_on"] == moved
    await run_until(owners, owners.clock() + timedelta(days=190))
    assert len(await owners.listed(f"{car}/expenses", anna)) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"starts_on": "2020-01-01"},
        {"every_months": 0},
        {"every_months": 1.5},
        {"ends_on": "2020-01-01"},
        {"amount": {"amount_minor": -1, "currency": "RUB"}},
        {"category": "loan"},
        {"time_zone": "Mars/Base"},
    ],
)
async def test_impossible_schedules_are_refused(owners: Owners, wrong: dict[str, Any]) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    before = await owners.checksums()
    assert await owners.created_status(f"{car}/expense-schedules", anna, monthly(today(owners)) | wrong) == 422
    assert await owners.checksums() == before


async def test_whoever_enters_may_end_the_own_and_managers_all(owners: Owners) -> None:
    anna, car, made = await begun(owners)
    people = {role: await owners.sign_in() for role in ("viewer", "driver", "manager")}
    for role, person in people.items():
        await accepted(owners, person, (await invited(owners, car, anna, role))["token"])
    one, start = f"{car}/expense-schedules/{made['id']}", today(owners)
    assert await owners.created_status(f"{car}/expense-schedules", people["viewer"], monthly(start)) == 403
    assert (await owners.delete(one, people["driver"], 1)).status_code == 403
    assert (await owners.get(one, await owners.sign_in())).status_code == 404
    own = await owners.created(f"{car}/expense-schedules", people["driver"], monthly(start))
    assert (await owners.delete(f"{car}/expense-schedules/{own['id']}", people["driver"], 1)).status_code == 204
    assert (await owners.delete(one, people["manager"], 1)).status_code == 204
    assert await owners.listed(f"{car}/expense-schedules", anna) == []
    await run_until(owners, owners.clock() + timedelta(days=60))
    assert await owners.listed(f"{car}/expenses", anna) == []


@pytest.mark.parametrize("leaving", ["archive", "transfer", "erasure"])
async def test_schedule_ends_with_its_owners_time(owners: Owners, leaving: str) -> None:
    anna, car, _ = await begun(owners)
    if leaving == "archive":
        assert (await owners.post(f"{car}/archive", anna)).status_code == 200
    elif leaving == "transfer":
        await handed_over(owners, car, anna, await owners.sign_in())
    else:
        assert (await owners.client.delete("/v1/me", headers=anna.acting(version=1))).status_code == 204
    await run_until(owners, owners.clock() + timedelta(days=60))
    assert (await owners.rows("SELECT count(*) FROM expense"))[0][0] == 0
    assert (await owners.rows("SELECT count(*) FROM dead_letter"))[0][0] == 0


@given(start=st.dates(date(2000, 1, 1), date(2050, 12, 31)), every=st.integers(1, 120), entered=st.integers(0, 40))
def test_days_are_those_of_the_start_and_never_drift(start: date, every: int, entered: int) -> None:
    at = datetime(2000, 1, 1, tzinfo=ZoneInfo("UTC"))
    schedule = ExpenseSchedule(
        uuid4(), uuid4(), uuid4(), uuid4(), "tax", 1, "RUB", None, "UTC", start, every, None, entered, None, at, at, 1
    )
    day = schedule.next_on
    assert day is not None
    assert (day.year - start.year) * 12 + day.month - start.month == every * entered
    assert day.day == start.day or (day.day < start.day and (day + timedelta(days=1)).day == 1)
    made = schedule.entry(uuid4(), at)
    assert made is not None
    assert (made[1].expense_date, made[0].entered, isinstance(made[1].id, UUID)) == (day, entered + 1, True)
