"""Moving in from another app: its own export, through the API."""

from typing import Any

import httpx

from tests.service.owners.conftest import Owners, Person
from tests.service.owners.test_import import send
from tests.unit.owners.imports.files import FUELIO, FUELLY, LUBELOGGER, zipped

BACKUP = zipped(("sync/vehicle-1-sync.csv", FUELIO.encode("utf-8-sig")))


async def newcomer(owners: Owners, **details: Any) -> tuple[Person, str]:
    anna = await owners.sign_in()
    return anna, await owners.car(anna, **({"energy_kinds": ["petrol"]} | details))


async def told(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_fuelio_backup_is_shown_and_taken_in_once(owners: Owners) -> None:
    anna, car = await newcomer(owners)
    before = await owners.checksums()
    open_answer = await told(await send(owners, car, anna, BACKUP))
    assert [question["field"] for question in open_answer["questions"]] == ["currency"]
    refused = await send(owners, car, anna, BACKUP, mode="commit", hash=open_answer["hash"])
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (422, "import-questions")
    shown = await told(await send(owners, car, anna, BACKUP, currency="RUB"))
    assert (shown["format"], shown["questions"]) == ("fuelio", [])
    assert shown["counts"] == {"new": 5, "duplicate": 0, "conflict": 0, "error": 0}
    assert shown["ignored"] == {"loan_payments": 1, "templates": 1, "incomes": 1, "reminders": 1, "trips": 1}
    assert {**await owners.checksums(), "idempotency_key": ""} == {**before, "idempotency_key": ""}
    done = await told(await send(owners, car, anna, BACKUP, currency="RUB", mode="commit", hash=shown["hash"]))
    assert done["counts"]["new"] == 5
    again = await told(await send(owners, car, anna, BACKUP, currency="RUB"))
    assert again["counts"] == {"new": 0, "duplicate": 5, "conflict": 0, "error": 0}
    fills = await owners.listed(f"{car}/fuel-entries", anna)
    assert [fill["consumption"] and fill["consumption"]["per_100_km"] for fill in fills] == [None, "7.60", None]
    provenances = {row["provenance"] for row in await owners.listed(f"{car}/service-entries", anna)}
    assert provenances == {"self_declared"}
    analytics = (await owners.get(f"{car}/analytics", anna, **{"from": "2024-01-01", "to": "2024-12-31"})).json()
    assert analytics["fuel"] is not None


async def test_kind_of_fuel_of_a_car_that_runs_on_one_is_not_asked(owners: Owners) -> None:
    anna, car = await newcomer(owners, energy_kinds=["diesel"])
    answers = {"distance_unit": "km", "volume_unit": "l", "currency": "RUB"}
    shown = await told(await send(owners, car, anna, LUBELOGGER.encode(), **answers))
    assert (shown["questions"], shown["counts"]["new"]) == ([], 2)
    assert {row["record"]["energy_kind"] for row in shown["rows"]} == {"diesel"}
    assert shown["rows"][0]["unknown"]["Tags"] == "winter"


async def test_answers_are_checked_as_everything_else(owners: Owners) -> None:
    anna, car = await newcomer(owners)
    for wrong in (
        {"currency": "XXX"},
        {"format": "excel"},
        {"columns": "Date=nothing"},
        {"date_order": "myd"},
        {"time_zone": "Mars"},
    ):
        assert (await send(owners, car, anna, FUELLY.encode(), **wrong)).status_code == 422


async def test_file_of_another_format_than_declared_is_refused(owners: Owners) -> None:
    anna, car = await newcomer(owners)
    answer = await send(owners, car, anna, FUELLY.encode(), format="fuelio")
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (422, "import-unknown-format")
    assert (await send(owners, car, anna, FUELLY.encode(), format="carpass")).status_code == 422


async def test_other_table_is_mapped_by_its_sender(owners: Owners) -> None:
    anna, car = await newcomer(owners)
    text = "Когда;Заплатил;За что\n05.03.2024;1 234,50;Парковка\n05.03.2024;1 234,50;Парковка\n".encode("cp1251")
    headers = anna.acting()
    query = {
        "car_id": car.rpartition("/")[2],
        "currency": "RUB",
        "columns": ["Когда=day", "Заплатил=total", "За что=category"],
    }
    answer = await owners.client.post("/v1/imports", params=query, content=text, headers=headers)
    shown = await told(answer)
    assert (shown["format"], shown["counts"]["new"]) == ("generic", 2)  # two equal tickets are two tickets
    assert [row["record"]["amount_minor"] for row in shown["rows"]] == [123_450, 123_450]
