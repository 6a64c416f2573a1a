"""Entries in other currencies than their car's, with the rates that they carry."""

import json
import random
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from owners.commands.refresh_consumption import rebuild_consumption
from owners.db.cars import lock_car
from tests.service.owners.conftest import Owners, Person
from tests.service.owners.test_export import exported
from tests.service.owners.test_import import taken_in
from tests.service.owners.test_monthly_cost import DIFFERENCE

KZT = {"amount_minor": 1_000_00, "currency": "KZT"}
PARKING = {"expense_date": "2026-03-10", "category": "parking"}
FILL = {"volume": "10", "volume_unit": "l", "full": True}
FIGURES = """
    SELECT id, interval_from_id, interval_km, interval_quantity, interval_cost_minor, interval_currency
    FROM fuel_entry ORDER BY id
"""
SUMS = "SELECT * FROM consumption_sum ORDER BY energy_kind, period, currency"


def rub(minor: int) -> dict[str, Any]:
    return {"amount_minor": minor, "currency": "RUB"}


async def month(owners: Owners, car: str, person: Person) -> dict[str, Any]:
    answer = await owners.get(f"{car}/analytics", person, **{"from": "2026-03-01", "to": "2026-03-31"})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def keep_in(owners: Owners, car: str, person: Person, currency: str) -> None:
    etag = (await owners.get(car, person)).headers["ETag"]
    answer = await owners.patch(car, person, {"currency": currency}, int(etag.strip('"')))
    assert answer.status_code == 200, answer.text


async def test_entry_with_a_rate_counts_in_the_cars_currency_and_one_without_is_listed_apart(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    made = await owners.created(f"{car}/expenses", anna, PARKING | {"amount": KZT, "rate": "0.18355"})
    assert (made["amount"], made["rate"]) == (KZT, {"rate": "0.18355", "converted": rub(183_55)})
    await owners.created(f"{car}/expenses", anna, PARKING | {"amount": KZT})
    await owners.created(f"{car}/expenses", anna, PARKING | {"amount": rub(100_00)})
    found = await month(owners, car, anna)
    assert (found["running_costs"], found["converted"]) == (rub(283_55), rub(183_55))
    [parking] = found["by_category"]
    assert (parking["cost"], parking["converted"], parking["entries"]) == (rub(283_55), rub(183_55), 2)
    [of_month] = found["by_month"]
    assert (of_month["running_costs"], of_month["converted"]) == (rub(283_55), rub(183_55))
    [other] = found["other_currencies"]
    assert (other["running_costs"], other["by_category"][0]["converted"]) == (KZT, None)
    told = (await owners.events("owners.record"))[0]
    assert (told["currency"], told["rate"], told["rate_to"], told["converted_minor"]) == (
        *("KZT", "0.18355", "RUB"),
        183_55,
    )


async def test_part_of_a_month_converts_as_the_whole_month_does(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna, energy_kinds=["petrol"])
    await owners.created(f"{car}/expenses", anna, PARKING | {"amount": KZT, "rate": "0.2"})
    await owners.created(f"{car}/fuel-entries", anna, FILL | {"filled_on": "2026-03-11", "total": KZT, "rate": "0.3"})
    window = {"from": "2026-03-10", "to": "2026-03-12"}
    part = (await owners.get(f"{car}/analytics", anna, **window)).json()
    assert part["running_costs"] == (await month(owners, car, anna))["running_costs"] == rub(500_00)
    assert part["fuel"][0]["converted"] == rub(300_00)


async def test_service_and_its_one_expense_carry_one_rate(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    lines = [{"title": "Oil", "amount": KZT}, {"title": "Filter", "amount": KZT}]
    body = {"service_date": "2026-03-10", "lines": lines, "rate": "0.2"}
    service = await owners.created(f"{car}/service-entries", anna, body)
    assert service["rate"] == {"rate": "0.2", "converted": rub(400_00)}
    [expense] = await owners.listed(f"{car}/expenses", anna)
    assert expense["rate"] == service["rate"]
    path = f"{car}/service-entries/{service['id']}"
    edited = await owners.patch(path, anna, {"rate": "0.25"}, 1)
    assert edited.json()["rate"]["converted"] == rub(500_00), edited.text
    [expense] = await owners.listed(f"{car}/expenses", anna)
    assert expense["rate"] == edited.json()["rate"]
    untold = await owners.patch(path, anna, {"lines": [{"title": "Oil"}]}, 2)
    assert (untold.json()["cost"], untold.json()["rate"]) == (None, None)
    assert await owners.listed(f"{car}/expenses", anna) == []


async def test_edit_recalculates_a_rate_and_another_currency_takes_it_away(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    made = await owners.created(f"{car}/expenses", anna, PARKING | {"amount": KZT, "rate": "0.2"})
    path = f"{car}/expenses/{made['id']}"
    edited = await owners.patch(path, anna, {"amount": KZT | {"amount_minor": 2_000_00}}, 1)
    assert edited.json()["rate"] == {"rate": "0.2", "converted": rub(400_00)}
    assert (await owners.patch(path, anna, {"rate": "0.2"}, 2)).headers["ETag"] == '"2"'  # nothing changes
    in_yen = await owners.patch(path, anna, {"amount": {"amount_minor": 300, "currency": "JPY"}}, 2)
    assert in_yen.json()["rate"] is None
    told_anew = await owners.patch(path, anna, {"rate": "0.61"}, 3)
    assert told_anew.json()["rate"]["converted"] == rub(183_00)
    assert (await owners.patch(path, anna, {"rate": None}, 4)).json()["rate"] is None
    edits = (await owners.get(f"{path}/edits", anna)).json()["data"]
    assert edits[0]["changes"]["converted_minor"] == {"before": 183_00, "after": None}
    assert edits[0]["changes"]["rate_to"] == {"before": "RUB", "after": None}
    assert await owners.rows(DIFFERENCE) == []


@pytest.mark.parametrize(
    "rate", ["0", "-1", "NaN", "Infinity", "1e400", "1" + "0" * 30, "0.123456789", "", "1,5", 0.5, 10**400, [], True]
)
async def test_hostile_rate_is_refused_and_changes_nothing(owners: Owners, rate: object) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna, energy_kinds=["petrol"])
    made = await owners.created(f"{car}/expenses", anna, PARKING | {"amount": KZT})
    before = await owners.checksums()
    lines = [{"title": "Oil", "amount": KZT}]
    for path, body in (
        ("expenses", PARKING | {"amount": KZT}),
        ("fuel-entries", FILL | {"filled_on": "2026-03-11", "total": KZT}),
        ("service-entries", {"service_date": "2026-03-10", "lines": lines}),
    ):
        answer = await owners.post(f"{car}/{path}", anna, body | {"rate": rate})
        assert answer.status_code in {400, 422}, answer.text
    answer = await owners.patch(f"{car}/expenses/{made['id']}", anna, {"rate": rate}, 1)
    assert answer.status_code in {400, 422}, answer.text
    assert await owners.checksums() == before


async def test_rate_where_there_is_nothing_to_convert_is_refused(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna, energy_kinds=["petrol"])
    huge = {"amount_minor": 10**15, "currency": "KZT"}
    for path, body in (
        ("expenses", PARKING | {"amount": rub(5), "rate": "2"}),
        ("expenses", PARKING | {"amount": huge, "rate": "1000000"}),
        ("fuel-entries", FILL | {"filled_on": "2026-03-11", "total": rub(5), "rate": "2"}),
        ("fuel-entries", FILL | {"filled_on": "2026-03-11", "rate": "2"}),
        ("service-entries", {"service_date": "2026-03-10", "lines": [{"title": "Oil"}], "rate": "2"}),
    ):
        answer = await owners.post(f"{car}/{path}", anna, body)
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (422, "not-a-rate"), answer.text
    assert await owners.listed(f"{car}/expenses", anna) == []


async def test_rate_converts_while_the_car_is_kept_in_its_currency(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna, energy_kinds=["petrol"])
    await owners.created(f"{car}/expenses", anna, PARKING | {"amount": KZT, "rate": "0.2"})
    for day, km in ((10, 1_000), (12, 1_100)):
        body = FILL | {"filled_on": f"2026-03-{day}", "total": KZT, "rate": "0.2"}
        await owners.created(f"{car}/fuel-entries", anna, body | {"odometer": {"value": str(km), "unit": "km"}})

    async def costs() -> tuple[object, object, object]:
        found = await month(owners, car, anna)
        [kind] = (await owners.get(f"{car}/consumption", anna)).json()["kinds"]
        return found["running_costs"], found["converted"], kind["cost_per_100_km"]

    in_rub = await costs()
    assert in_rub == (rub(600_00), rub(600_00), rub(200_00))
    await keep_in(owners, car, anna, "EUR")
    assert await costs() == (None, None, None)
    [other] = (await month(owners, car, anna))["other_currencies"]
    assert other["running_costs"] == KZT | {"amount_minor": 3_000_00}
    await keep_in(owners, car, anna, "KZT")
    assert await costs() == (KZT | {"amount_minor": 3_000_00}, None, KZT)
    await keep_in(owners, car, anna, "RUB")
    assert await costs() == in_rub
    assert await owners.rows(DIFFERENCE) == []


@pytest.mark.parametrize("seed", range(2))
async def test_consumption_costs_are_those_of_a_rebuild_whatever_was_done(owners: Owners, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311
    anna = await owners.sign_in()
    car = await owners.car(anna, energy_kinds=["petrol"])
    entries: dict[str, int] = {}
    for turn in range(25):
        step = dice.randint(0, 3)
        if step == 0:
            await keep_in(owners, car, anna, dice.choice(["RUB", "EUR"]))
        elif step == 1 and entries:
            path = dice.choice(list(entries))
            change: dict[str, Any] = dice.choice(
                [{"rate": None}, {"rate": "0.5"}, {"total": KZT | {"amount_minor": 7}}]
            )
            answer = await owners.patch(path, anna, change, entries[path])
            assert answer.status_code == 200, answer.text
            entries[path] = int(answer.headers["ETag"].strip('"'))
        else:
            on = date(2026, 1, 1) + timedelta(days=turn)
            odometer = {"value": str(1_000 + 100 * turn), "unit": "km"}
            body = FILL | {"filled_on": on.isoformat(), "total": KZT, "odometer": odometer}
            told = body | ({"rate": "0.18"} if dice.random() < 0.5 else {})
            entries[f"{car}/fuel-entries/{(await owners.created(f'{car}/fuel-entries', anna, told))['id']}"] = 1
    kept = [await owners.rows(sql) for sql in (FIGURES, SUMS)]
    async with owners.worker.transaction() as tx:
        found = await lock_car(tx, UUID(car[-36:]))
        assert found is not None
        await rebuild_consumption(tx, found, ["petrol"])
    assert [await owners.rows(sql) for sql in (FIGURES, SUMS)] == kept
    assert await owners.rows(DIFFERENCE) == []


async def test_rates_are_taken_along_and_come_back_byte_by_byte(owners: Owners) -> None:
    anna, boris = await owners.sign_in(), await owners.sign_in()
    car = await owners.car(anna, energy_kinds=["petrol"])
    await owners.created(f"{car}/expenses", anna, PARKING | {"amount": KZT, "rate": "0.1830"})
    await owners.created(f"{car}/expenses", anna, PARKING | {"amount": rub(5)})
    await owners.created(f"{car}/fuel-entries", anna, FILL | {"filled_on": "2026-03-11", "total": KZT, "rate": "0.3"})
    lines = [{"title": "Oil", "amount": KZT}]
    await owners.created(f"{car}/service-entries", anna, {"service_date": "2026-03-10", "lines": lines, "rate": "0.25"})
    document, data = await exported(owners, car, anna)
    assert sorted(one.get("rate", "") for one in document["data"]["expenses"]) == ["", "0.1830"]
    other = await owners.car(boris, energy_kinds=["petrol"], currency="EUR")
    assert (await taken_in(owners, other, boris, document))["counts"]["new"] == 4
    again, same = await exported(owners, other, boris)
    assert same == data
    assert (await month(owners, other, boris))["converted"] is None
    sheet = (await owners.get(f"{car}/export", anna, format="csv")).content
    third = await owners.car(boris, energy_kinds=["petrol"])
    assert (await taken_in(owners, third, boris, sheet))["counts"]["new"] == 4
    assert (await exported(owners, third, boris))[1] == data
    assert (await month(owners, third, boris))["converted"] == (await month(owners, car, anna))["converted"]
    assert again["origin"]["data_sha256"] == document["origin"]["data_sha256"]


async def test_document_with_an_impossible_rate_says_which(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    await owners.created(f"{car}/expenses", anna, PARKING | {"amount": KZT, "rate": "0.2"})
    document, _ = await exported(owners, car, anna)
    for wrong in ({"rate": "0"}, {"rate_to": "KZT"}, {"rate_to": None}, {"rate_to": "XXX"}, {"rate": "1e3"}):
        told = json.loads(json.dumps(document))
        told["data"]["expenses"][0] |= wrong
        content = json.dumps(told)
        answer = await owners.client.post(
            "/v1/imports",
            params={"car_id": car[-36:]},
            content=content,
            headers={**anna.acting(), "Accept": "application/json"},
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["counts"]["error"] == 1, wrong
