from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.service.owners.conftest import Owners, Person

LOAN = {
    "principal": {"amount_minor": 150_000_000, "currency": "RUB"},
    "annual_rate_percent": "18.5",
    "months": 36,
    "first_payment_on": "2023-02-01",
}
STRAIGHT = {
    "method": "straight_line",
    "residual": {"amount_minor": 600_000, "currency": "RUB"},
    "years_of_life": "8",
}
BOUGHT = {"purchase": {"date": "2020-01-01", "price": {"amount_minor": 3_000_000, "currency": "RUB"}}}


async def put(
    owners: Owners, path: str, person: Person, body: Mapping[str, Any], version: int | None = None
) -> httpx.Response:
    return await owners.client.put(path, headers=person.acting(version=version), json=body)


async def analytics(owners: Owners, car: str, person: Person, first: str, last: str) -> dict[str, Any]:
    answer = await owners.get(f"{car}/analytics", person, **{"from": first, "to": last})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def rub(amount: int | None) -> dict[str, Any] | None:
    return None if amount is None else {"amount_minor": amount, "currency": "RUB"}


async def spend(
    owners: Owners, car: str, person: Person, day: str, amount: int, *, category: str = "parking", currency: str = "RUB"
) -> None:
    body = {"expense_date": day, "category": category, "amount": {"amount_minor": amount, "currency": currency}}
    await owners.created(f"{car}/expenses", person, body)


async def test_year_of_a_car_costs_what_was_spent_and_lost_and_paid_in_interest(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna, **BOUGHT)
    assert (await put(owners, f"{car}/depreciation", anna, STRAIGHT)).status_code == 200
    assert (await put(owners, f"{car}/loan", anna, LOAN)).status_code == 200
    await owners.read(car, anna, "100000", "2022-12-31")
    await owners.read(car, anna, "101000", "2023-03-10")
    await owners.read(car, anna, "102000", "2023-12-30")
    await spend(owners, car, anna, "2023-03-31", 1_000)
    await spend(owners, car, anna, "2023-04-01", 500, category="wash")
    await spend(owners, car, anna, "2023-04-02", 70, currency="EUR")
    await spend(owners, car, anna, "2024-01-01", 9_999)
    found = await analytics(owners, car, anna, "2023-01-01", "2023-12-31")
    assert (found["days"], found["distance_km"], found["running_costs"]) == (365, 2_000, rub(1_500))
    assert [(month["month"], month["distance_km"], month["running_costs"]) for month in found["by_month"]] == [
        ("2023-03", 1_000, rub(1_000)),
        ("2023-04", None, rub(500)),
        ("2023-12", 1_000, None),
    ]
    assert [other["running_costs"] for other in found["other_currencies"]] == [{"amount_minor": 70, "currency": "EUR"}]
    assert found["finances"]["depreciation"] == rub(300_000)
    interest = found["finances"]["loan_interest"]["amount_minor"]
    rows = (await owners.get(f"{car}/loan", anna)).json()["schedule"]
    assert interest == sum(row["interest_minor"] for row in rows[:11])
    assert found["total_cost"] == rub(1_500 + 300_000 + interest)
    assert (found["cost_per_km"], found["cost_per_day"]) == ("0.0075", "0.0411")


async def test_window_within_months_reads_the_days_of_its_edges(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    for day in ("2023-01-14", "2023-01-15", "2023-01-31", "2023-02-10", "2023-03-01", "2023-03-02"):
        await spend(owners, car, anna, day, 100)
    for window, count in (
        (("2023-01-15", "2023-03-01"), 4),
        (("2023-01-15", "2023-01-31"), 2),
        (("2023-01-01", "2023-02-28"), 4),
        (("2023-02-10", "2023-02-10"), 1),
    ):
        assert (await analytics(owners, car, anna, *window))["running_costs"] == rub(100 * count)
    nothing = await analytics(owners, car, anna, "2023-02-11", "2023-02-20")
    undefined = ("running_costs", "cost_per_km", "cost_per_day", "distance_km", "total_cost", "total_cost_per_km")
    assert {nothing[name] for name in undefined} == {None}


async def test_a_suspect_reading_drives_no_distance(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    for value, day in (("199000", "2023-01-01"), ("199105", "2023-02-01"), ("1999105", "2023-03-01")):
        await owners.read(car, anna, value, day)
    assert (await analytics(owners, car, anna, "2023-01-01", "2023-12-31"))["distance_km"] == 105


async def test_loan_shows_its_schedule_and_is_edited_by_version(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    assert (await owners.get(f"{car}/loan", anna)).status_code == 404
    made = await put(owners, f"{car}/loan", anna, LOAN)
    assert (made.status_code, made.headers["ETag"]) == (200, '"1"')
    body = made.json()
    assert (body["payment_minor"], body["last_payment_minor"]) == (5_460_557, 5_460_566)
    assert (body["total_interest_minor"], body["schedule"][11]["balance_minor"]) == (46_580_061, 108_849_708)
    assert (await owners.get(f"{car}/loan", anna)).json() == body
    assert (await put(owners, f"{car}/loan", anna, LOAN)).status_code == 428
    assert (await put(owners, f"{car}/loan", anna, LOAN, 2)).status_code == 412
    extra = {"paid_on": "2023-06-15", "amount_minor": 10_000_000, "effect": "smaller_payment"}
    edited = await put(owners, f"{car}/loan", anna, LOAN | {"extra_payments": [extra]}, 1)
    assert (edited.status_code, edited.headers["ETag"]) == (200, '"2"')
    assert edited.json()["schedule"][5]["extra_minor"] == 10_000_000
    assert (await owners.delete(f"{car}/loan", anna, 1)).status_code == 412
    assert (await owners.delete(f"{car}/loan", anna, 2)).status_code == 204
    assert (await owners.get(f"{car}/loan", anna)).status_code == 404


async def test_valuation_overrides_the_method_and_a_day_has_one(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna, **BOUGHT)
    await put(owners, f"{car}/depreciation", anna, STRAIGHT)
    body = {"valued_on": "2021-12-31", "amount": rub(1_500_000)}
    made = await owners.created(f"{car}/valuations", anna, body)
    assert (await owners.post(f"{car}/valuations", anna, body)).status_code == 409
    finances = (await analytics(owners, car, anna, "2022-01-01", "2024-12-31"))["finances"]
    assert (finances["value_at_start"], finances["value_at_end"]) == (rub(1_500_000), rub(1_050_000))
    assert [one["id"] for one in (await owners.listed(f"{car}/valuations", anna))] == [made["id"]]
    assert (await owners.delete(f"{car}/valuations/{made['id']}", anna)).status_code == 204
    assert (await owners.delete(f"{car}/valuations/{made['id']}", anna)).status_code == 404
    finances = (await analytics(owners, car, anna, "2022-01-01", "2024-12-31"))["finances"]
    assert finances["depreciation"] == rub(900_000)


async def test_strangers_find_nothing(owners: Owners) -> None:
    anna, boris = await owners.sign_in(), await owners.sign_in()
    car = await owners.car(anna, **BOUGHT)
    await put(owners, f"{car}/depreciation", anna, STRAIGHT)
    await put(owners, f"{car}/loan", anna, LOAN)
    await owners.created(f"{car}/valuations", anna, {"valued_on": "2021-01-01", "amount": rub(1)})
    await spend(owners, car, anna, "2023-01-01", 1)
    before = await owners.checksums()
    for part in ("analytics", "depreciation", "loan", "valuations"):
        assert (await owners.get(f"{car}/{part}", boris)).status_code == 404
    assert (await put(owners, f"{car}/loan", boris, LOAN, 1)).status_code == 404
    assert (await put(owners, f"{car}/depreciation", boris, STRAIGHT, 1)).status_code == 404
    assert await owners.checksums() == before
    async with owners.api.transaction(user_id=boris.user_id) as tx:
        for table in ("loan", "depreciation", "valuation", "monthly_cost"):
            assert await tx.rows(f"SELECT 1 FROM {table}") == [], table  # noqa: S608 -- our names
    async with owners.api.transaction(user_id=anna.user_id) as tx:
        assert len(await tx.rows("SELECT 1 FROM monthly_cost")) == 1


WRONG_LOANS: list[dict[str, Any]] = [
    {"months": 0},
    {"months": 601},
    {"annual_rate_percent": "-1"},
    {"annual_rate_percent": "1e400"},
    {"annual_rate_percent": "1001"},
    {"annual_rate_percent": 6},
    {"principal": {"amount_minor": 0, "currency": "RUB"}},
    {"principal": {"amount_minor": 10**30, "currency": "RUB"}},
    {"first_payment_on": "9999-12-31"},
    {"extra_payments": [{"paid_on": "2023-02-01", "amount_minor": 150_000_001}]},
    {"extra_payments": [{"paid_on": "2060-02-01", "amount_minor": 1}]},
    {"owner_id": "x"},
]
WRONG_METHODS: list[dict[str, Any]] = [
    {"method": "magic"},
    {"years_of_life": "0"},
    {"years_of_life": "NaN"},
    {"life_km": 5},
    {"residual": {"amount_minor": -1, "currency": "RUB"}},
    {"method": "declining", "first_year_percent": "101", "later_percent": "1"},
]


@pytest.mark.parametrize(
    ("path", "body", "wrong"), [("loan", LOAN, WRONG_LOANS), ("depreciation", STRAIGHT, WRONG_METHODS)]
)
async def test_wrong_terms_are_refused(
    owners: Owners, path: str, body: dict[str, Any], wrong: list[dict[str, Any]]
) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    for changes in wrong:
        answer = await put(owners, f"{car}/{path}", anna, body | changes)
        assert answer.status_code in {400, 422}, changes
    assert (await owners.get(f"{car}/{path}", anna)).status_code == 404
    for window in (("2024-01-02", "2024-01-01"), ("x", "2024-01-01"), ("2024-01-01", "9999-12-31")):
        answer = await owners.get(f"{car}/analytics", anna, **dict(zip(("from", "to"), window, strict=True)))
        assert answer.status_code == 422, window
