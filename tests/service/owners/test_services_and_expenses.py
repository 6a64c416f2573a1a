from typing import Any

from tests.service.owners.conftest import Owners


def rub(amount: int) -> dict[str, Any]:
    return {"amount_minor": amount, "currency": "RUB"}


SERVICE: dict[str, Any] = {
    "service_date": "2024-01-10",
    "time_zone": "Asia/Omsk",
    "odometer": {"value": "186900", "unit": "km"},
    "vendor": "Гараж дяди Васи",
    "lines": [
        {"title": "Замена масла", "kind": "labor", "amount": rub(150_000)},
        {"title": "Масло 5W-30", "kind": "fluid", "amount": rub(420_000)},
        {"title": "Фильтр", "kind": "part", "amount": None},
    ],
    "next_due": {"km": 10_000, "months": 12},
    "note": "в следующий раз и тормозную",
}
EXPENSE: dict[str, Any] = {
    "expense_date": "2024-01-12",
    "time_zone": "Europe/Moscow",
    "category": "parking",
    "amount": rub(30_000),
    "odometer": {"value": "186950", "unit": "km"},
    "note": None,
}


async def entered(owners: Owners, **changes: Any) -> tuple[Any, str, str]:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    entry = await owners.created(f"{car}/service-entries", anna, SERVICE | changes)
    return anna, car, f"{car}/service-entries/{entry['id']}"


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"].removeprefix("owners.") for event in events]


async def test_service_owns_one_expense_of_its_cost_and_one_reading(owners: Owners) -> None:
    anna, car, path = await entered(owners)
    entry = (await owners.get(path, anna)).json()
    assert entry["odometer"] == {"value": "186900", "unit": "km", "km": 186_900, "verdict": "ok"}
    assert (entry["cost"], entry["lines"], entry["next_due"]) == (rub(570_000), SERVICE["lines"], SERVICE["next_due"])
    assert (entry["provenance"], entry["attestation"], entry["author_id"]) == (
        "self_declared",
        None,
        str(anna.user_id),
    )
    [expense] = await owners.listed(f"{car}/expenses", anna)
    assert (expense["id"], expense["service_entry_id"]) == (entry["expense_id"], entry["id"])
    assert (expense["category"], expense["amount"], expense["expense_date"]) == ("service", rub(570_000), "2024-01-10")
    [reading] = await owners.listed(f"{car}/odometer", anna)
    assert (reading["source"], reading["service_entry_id"]) == ("service", entry["id"])
    events = await owners.events("owners.record")
    assert types(events) == ["service-entry.recorded", "expense.recorded", "odometer.judged"]
    assert [event["sequence"] for event in events] == [1, 2, 3]
    assert events[0]["titles"] == [line["title"] for line in SERVICE["lines"]]
    assert (events[0]["odometer_km"], events[1]["service_entry_id"]) == (186_900, entry["id"])


async def test_service_without_amounts_costs_nothing_known_and_owns_no_expense(owners: Owners) -> None:
    anna, car, path = await entered(owners, lines=[{"title": "Сам поменял", "kind": "labor"}], odometer=None)
    entry = (await owners.get(path, anna)).json()
    assert (entry["cost"], entry["expense_id"], entry["odometer"]) == (None, None, None)
    assert await owners.listed(f"{car}/expenses", anna) == []
    assert types(await owners.events("owners.record")) == ["service-entry.recorded"]


async def test_expense_of_a_service_changes_with_it_only(owners: Owners) -> None:
    anna, car, path = await entered(owners)
    expense = f"{car}/expenses/{(await owners.get(path, anna)).json()['expense_id']}"
    for refused in (await owners.patch(expense, anna, {"note": "x"}, 1), await owners.delete(expense, anna, 1)):
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:carpass:problem:expense-of-service")
    dearer = {"lines": [{"title": "Всё", "kind": "other", "amount": {"amount_minor": 99, "currency": "KZT"}}]}
    assert (await owners.patch(path, anna, dearer, 1)).json()["cost"] == {"amount_minor": 99, "currency": "KZT"}
    followed = await owners.get(expense, anna)
    assert followed.json()["amount"] == {"amount_minor": 99, "currency": "KZT"}
    assert followed.headers["etag"] == '"2"'
    assert types(await owners.events("owners.record"))[3:] == ["service-entry.changed", "expense.changed"]


async def test_expense_comes_and_goes_with_the_cost(owners: Owners) -> None:
    anna, car, path = await entered(owners)
    assert (await owners.patch(path, anna, {"lines": [{"title": "?", "kind": "other"}]}, 1)).json()["cost"] is None
    assert await owners.listed(f"{car}/expenses", anna) == []
    free = {"lines": [{"title": "По гарантии", "kind": "other", "amount": rub(0)}]}
    assert (await owners.patch(path, anna, free, 2)).json()["cost"] == rub(0)
    assert [one["amount"] for one in await owners.listed(f"{car}/expenses", anna)] == [rub(0)]
    assert types(await owners.events("owners.record"))[3:] == [
        "service-entry.changed",
        "expense.removed",
        "service-entry.changed",
        "expense.recorded",
    ]


async def test_changed_reading_stays_in_the_history_as_replaced(owners: Owners) -> None:
    anna, car, path = await entered(owners)
    answer = await owners.patch(path, anna, {"odometer": {"value": "187000", "unit": "km"}}, 1)
    assert (answer.json()["odometer"]["value"], answer.headers["etag"]) == ("187000", '"2"')
    moved = await owners.patch(path, anna, {"service_date": "2024-01-09"}, 2)
    assert moved.json()["odometer"]["verdict"] == "ok"
    readings = await owners.listed(f"{car}/odometer", anna)
    assert sorted((one["odometer"]["value"], one["odometer"]["verdict"], one["observed_on"]) for one in readings) == [
        ("186900", "replaced", "2024-01-10"),
        ("187000", "ok", "2024-01-09"),
        ("187000", "replaced", "2024-01-10"),
    ]
    assert (await owners.get(car, anna)).json()["odometer"]["observed_on"] == "2024-01-09"
    judged = (await owners.events("owners.record"))[-1]
    assert (judged["reading_count"], len(judged["changed"])) == (1, 2)


async def test_reading_can_be_taken_from_an_entry_and_given_to_it(owners: Owners) -> None:
    anna, car, path = await entered(owners)
    assert (await owners.patch(path, anna, {"odometer": None}, 1)).json()["odometer"] is None
    assert (await owners.get(car, anna)).json()["odometer"] is None
    given = await owners.patch(path, anna, {"odometer": SERVICE["odometer"]}, 2)
    assert given.json()["odometer"]["verdict"] == "ok"


async def test_edit_that_changes_nothing_publishes_nothing(owners: Owners) -> None:
    anna, _, path = await entered(owners)
    before = await owners.events("owners.record")
    same = {"note": SERVICE["note"], "lines": SERVICE["lines"], "odometer": SERVICE["odometer"]}
    assert (await owners.patch(path, anna, same, 1)).headers["etag"] == '"1"'
    assert await owners.events("owners.record") == before


async def test_removed_service_takes_its_expense_and_readings_with_it(owners: Owners) -> None:
    anna, car, path = await entered(owners)
    await owners.patch(path, anna, {"odometer": {"value": "187000", "unit": "km"}}, 1)
    readings = {one["id"] for one in await owners.listed(f"{car}/odometer", anna)}
    assert (await owners.delete(path, anna, 1)).status_code == 412
    assert (await owners.delete(path, anna, 2)).status_code == 204
    assert (await owners.get(path, anna)).status_code == 404
    for rest in ("service-entries", "expenses", "odometer"):
        assert await owners.listed(f"{car}/{rest}", anna) == []
    events = await owners.events("owners.record")
    assert types(events)[-3:] == ["expense.removed", "service-entry.removed", "odometer.judged"]
    assert (set(events[-1]["removed_reading_ids"]), events[-1]["last_ok"]) == (readings, None)
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))


async def test_expense_stands_for_itself(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    made = await owners.created(f"{car}/expenses", anna, EXPENSE)
    assert made["odometer"]["verdict"] == "ok"
    assert made.items() >= {name: EXPENSE[name] for name in EXPENSE if name != "odometer"}.items()
    path = f"{car}/expenses/{made['id']}"
    edited = await owners.patch(path, anna, {"category": "fine", "amount": rub(50_000), "odometer": None}, 1)
    assert (edited.json()["category"], edited.json()["amount"]) == ("fine", rub(50_000))
    assert (await owners.patch(path, anna, {"category": "toll"}, 1)).status_code == 412
    assert (await owners.delete(path, anna, None)).status_code == 428
    assert (await owners.delete(path, anna, 2)).status_code == 204
    assert (await owners.get(path, anna)).status_code == 404
    assert types(await owners.events("owners.record")) == [
        "expense.recorded",
        "odometer.judged",
        "expense.changed",
        "odometer.judged",
        "expense.removed",
        "odometer.judged",
    ]


async def test_local_date_is_in_the_users_zone_unless_told(owners: Owners) -> None:
    anna = await owners.sign_in()
    await owners.patch("/v1/me", anna, {"time_zone": "Asia/Vladivostok"}, 1)
    car = await owners.car(anna)
    body = {name: value for name, value in SERVICE.items() if name != "time_zone"}
    assert (await owners.created(f"{car}/service-entries", anna, body))["time_zone"] == "Asia/Vladivostok"


WRONG_SERVICES: list[dict[str, Any]] = [
    {"service_date": "2999-01-01"},
    {"lines": []},
    {"lines": [{"title": "x", "kind": "other"}] * 101},
    {"lines": [{"title": " ", "kind": "other"}]},
    {"lines": [{"title": "x", "kind": "magic"}]},
    {"lines": [{"title": "x", "kind": "other", "amount": {"amount_minor": -1, "currency": "RUB"}}]},
    {"lines": [{"title": "x", "kind": "other", "amount": {"amount_minor": 10**16, "currency": "RUB"}}]},
    {
        "lines": [
            {"title": "x", "kind": "other", "amount": rub(1)},
            {"title": "y", "kind": "other", "amount": {"amount_minor": 1, "currency": "EUR"}},
        ]
    },
    {"next_due": {"km": 0}},
    {"provenance": "attested"},
    {"work_order_id": "00000000-0000-0000-0000-000000000000"},
    {"cost": rub(1)},
]


async def test_wrong_services_are_refused(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    for changes in WRONG_SERVICES:
        assert (await owners.post(f"{car}/service-entries", anna, SERVICE | changes)).status_code == 422
        assert await owners.listed(f"{car}/service-entries", anna) == []


NO_CATEGORIES: list[str] = ["fuel", "interest", "loan"]


async def test_fuel_and_interest_are_never_typed_in_as_expenses(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    for category in NO_CATEGORIES:
        assert (await owners.post(f"{car}/expenses", anna, EXPENSE | {"category": category})).status_code == 422


async def test_entry_of_another_car_is_not_found_under_this_one(owners: Owners) -> None:
    anna, _, path = await entered(owners)
    other = await owners.car(anna)
    entry_id = path.rpartition("/")[2]
    assert (await owners.get(f"{other}/service-entries/{entry_id}", anna)).status_code == 404
    assert (await owners.patch(f"{other}/service-entries/{entry_id}", anna, {"note": "x"}, 1)).status_code == 404
    assert (await owners.delete(f"{other}/service-entries/{entry_id}", anna, 1)).status_code == 404


async def test_lists_are_newest_first_page_by_page(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    for day in (2, 1, 3, 3):
        await owners.created(f"{car}/service-entries", anna, SERVICE | {"service_date": f"2024-01-0{day}"})
        await owners.created(f"{car}/expenses", anna, EXPENSE | {"expense_date": f"2024-01-0{day}"})
    for path, field in ((f"{car}/service-entries", "service_date"), (f"{car}/expenses", "expense_date")):
        seen: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            body = (await owners.get(path, anna, limit=3, **cursor)).json()
            seen += body["data"]
            if body["next_cursor"] is None:
                break
            cursor = {"cursor": body["next_cursor"]}
        whole = await owners.listed(path, anna)
        assert [one["id"] for one in seen] == [one["id"] for one in whole]
        assert [one[field] for one in whole] == sorted((one[field] for one in whole), reverse=True)
