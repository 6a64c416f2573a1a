from typing import Any
from uuid import uuid4

import pytest

from tests.service.workorders.garage import LABOR, PRODUCT, Garage

MONEY = {"amount_minor": 100, "currency": "RUB"}


async def _draft(garage: Garage) -> tuple[str, str, dict[str, Any]]:
    order = await garage.open()
    return order, await garage.job(order), await garage.order(order)


async def test_lines_are_changed_field_by_field(garage: Garage) -> None:
    order, job, found = await _draft(garage)
    labor, product = found["jobs"][0]["labor"][0], found["jobs"][0]["products"][0]
    await garage.send("PATCH", f"{job}/labor/{labor['id']}", body={"hours": "2"}, version=found["version"])
    answer = await garage.send(
        "PATCH",
        f"{job}/products/{product['id']}",
        body={"quantity": "2", "sku": None, "discount": MONEY, "next_service": {"months": 6}},
        version=found["version"] + 1,
    )
    changed = answer.json()["jobs"][0]
    assert changed["labor"][0] == labor | {"hours": "2", "amounts": changed["labor"][0]["amounts"]}
    assert changed["labor"][0]["amounts"]["total"]["amount_minor"] == 480_000
    assert changed["products"][0]["sku"] is None
    assert changed["products"][0]["next_service"] == {"km": None, "months": 6}
    assert changed["products"][0]["amounts"]["total"]["amount_minor"] == 930_000
    assert answer.headers["ETag"] == f'"{found["version"] + 2}"'
    assert (await garage.order(order))["jobs"][0] == changed


async def test_lines_and_jobs_are_removed(garage: Garage) -> None:
    order, job, found = await _draft(garage)
    labor, product = found["jobs"][0]["labor"][0], found["jobs"][0]["products"][0]
    await garage.send("DELETE", f"{job}/labor/{labor['id']}", version=found["version"])
    answer = await garage.send("DELETE", f"{job}/products/{product['id']}", version=found["version"] + 1)
    assert (answer.json()["jobs"][0]["labor"], answer.json()["jobs"][0]["products"]) == ([], [])
    answer = await garage.send("DELETE", job, version=found["version"] + 2)
    assert (await garage.order(order))["jobs"] == answer.json()["jobs"] == []


async def test_a_removed_job_takes_its_lines_along(garage: Garage) -> None:
    _, job, found = await _draft(garage)
    assert (await garage.send("DELETE", job, version=found["version"])).status_code == 200
    assert await garage.rows("SELECT 1 FROM labor_line UNION ALL SELECT 1 FROM product_line") == []


async def test_jobs_and_lines_stay_in_the_order_in_which_they_were_added(garage: Garage) -> None:
    order = await garage.open()
    for title in ("Первая", "Вторая", "Третья"):
        await garage.post(f"{order}/jobs", body={"title": title})
    first = (await garage.order(order))["jobs"][0]["id"]
    await garage.send("PATCH", f"{order}/jobs/{first}", body={"title": "Всё равно первая"}, version=4)
    assert [job["title"] for job in (await garage.order(order))["jobs"]] == ["Всё равно первая", "Вторая", "Третья"]


async def test_raising_a_price_under_way_voids_the_job_until_the_owner_agrees_again(garage: Garage) -> None:
    order = await garage.approved()
    await garage.done(order, "start")
    found = await garage.order(order)
    job = found["jobs"][0]
    path = f"{order}/jobs/{job['id']}/products/{job['products'][0]['id']}"
    raised = await garage.send("PATCH", path, body={"price": "4650.51"}, version=found["version"])
    assert raised.json()["jobs"][0]["status"] == "void"
    assert raised.json()["authorised"]["amount_minor"] == 0
    assert (await garage.done(order, "estimate"))["status"] == "in_progress"
    assert (await garage.answer(order))["authorised"]["amount_minor"] == 825_051


async def test_extra_work_goes_to_the_owner_while_the_order_goes_on(garage: Garage) -> None:
    order = await garage.approved()
    await garage.done(order, "start")
    await garage.job(order, "Сцепление")
    sent = await garage.done(order, "estimate")
    assert (sent["status"], [job["status"] for job in sent["jobs"]]) == ("in_progress", ["authorised", "sent"])
    refused = await garage.act(order, "ready")
    assert refused.json()["type"] == "urn:carpass:problem:jobs-undecided"
    agreed = await garage.answer(order)
    assert agreed["authorised"] == agreed["bill"]["total"] == {"amount_minor": 1_650_100, "currency": "RUB"}
    (event,) = [event for event in await garage.events() if event.get("estimate_version") == 2][:1]
    assert [job["title"] for job in event["jobs"]] == ["Сцепление"]
    assert event["order_version"] == sent["version"]


async def test_mechanics_work_at_the_center(garage: Garage) -> None:
    _, job, found = await _draft(garage)
    for mechanic in (uuid4(), garage.people["car_owner"].user_id):
        answer = await garage.post(f"{job}/labor", body=LABOR | {"mechanic_id": str(mechanic)})
        assert answer.status_code == 422
        assert answer.json()["errors"][0] == {
            "pointer": "/mechanic_id",
            "message": "Nobody with this id works at the service center.",
            "code": "not_employed",
        }
    await garage.deliver(garage.left("assigned"))
    labor = f"{job}/labor/{found['jobs'][0]['labor'][0]['id']}"
    kept = await garage.send("PATCH", labor, body={"hours": "2"}, version=found["version"])
    assert kept.status_code == 200, "who was assigned while employed stays"
    gone = {"mechanic_id": str(garage.people["assigned"].user_id)}
    assert (await garage.post(f"{job}/labor", body=LABOR | gone)).status_code == 422


async def test_edits_need_the_version_that_was_seen(garage: Garage) -> None:
    order, job, found = await _draft(garage)
    for method, path, body in (
        ("PATCH", job, {"title": "Иначе"}),
        ("DELETE", job, None),
        ("POST", f"{order}/estimate", {}),
    ):
        assert (await garage.send(method, path, body=body)).status_code == 428
        assert (await garage.send(method, path, body=body, version=found["version"] - 1)).status_code == 412
    assert await garage.order(order) == found


async def test_a_replayed_request_is_answered_before_its_version_is_looked_at(garage: Garage) -> None:
    order, _, found = await _draft(garage)
    key = str(uuid4())
    first = await garage.post(f"{order}/estimate", body={}, version=found["version"], key=key)
    again = await garage.post(f"{order}/estimate", body={}, version=found["version"], key=key)
    assert (first.status_code, again.status_code, again.content) == (200, 200, first.content)


async def test_a_post_needs_an_idempotency_key(garage: Garage) -> None:
    headers = garage.people["manager"].headers
    opening = {"center_id": str(garage.center_id), "car_id": str(garage.car_id)}
    answer = await garage.client.post("/v1/work-orders", headers=headers, json=opening)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:carpass:problem:idempotency-key-required")


BAD_LABOR: list[dict[str, Any]] = [
    {"hours": 1.5},
    {"hours": "0"},
    {"hours": "0.000"},
    {"hours": "-1"},
    {"hours": "1e3"},
    {"hours": "NaN"},
    {"hours": "1.0001"},
    {"hours": "1000000"},
    {"hours": "١"},
    {"rate": "1000000000"},
    {"rate": "1.0000001"},
    {"rate": "-0.01"},
    {"rate": None},
    {"hours": "999999.999", "rate": "999999999.999999"},
    {"tax_percent": "100.1"},
    {"tax_percent": "-1"},
    {"operation": ""},
    {"operation": "   "},
    {"operation": "x" * 121},
    {"mechanic_id": "somebody"},
    {"discount": {"amount_minor": 100, "currency": "KZT"}},
    {"discount": {"amount_minor": -1, "currency": "RUB"}},
    {"discount": {"amount_minor": 1.5, "currency": "RUB"}},
    {"discount": {"amount_minor": "100", "currency": "RUB"}},
    {"discount": {"amount_minor": 10**18, "currency": "RUB"}},
    {"discount": {"amount_minor": 360_001, "currency": "RUB"}},
    {"next_service": {}},
    {"next_service": {"km": 0}},
    {"next_service": {"km": 10**9}},
    {"next_service": {"months": 601}},
    {"total_minor": 1},
    {"status": "authorised"},
]


@pytest.mark.parametrize("bad", BAD_LABOR, ids=str)
async def test_labor_that_breaks_a_rule_is_refused(garage: Garage, bad: dict[str, Any]) -> None:
    order = await garage.open()
    job = str((await garage.post(f"{order}/jobs", body={"title": "Работа"})).headers["location"])
    answer = await garage.post(f"{job}/labor", body=LABOR | bad)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"]


@pytest.mark.parametrize(
    "bad",
    [
        {"kind": "service"},
        {"quantity": "0"},
        {"unit": "x" * 17},
        {"sku": ""},
        {"customer_supplied": True},
        {"price": "4650,50"},
    ],
    ids=str,
)
async def test_product_that_breaks_a_rule_is_refused(garage: Garage, bad: dict[str, Any]) -> None:
    order = await garage.open()
    job = str((await garage.post(f"{order}/jobs", body={"title": "Работа"})).headers["location"])
    assert (await garage.post(f"{job}/products", body=PRODUCT | bad)).status_code == 422


@pytest.mark.parametrize("nulled", ["operation", "hours", "rate", "tax_percent"])
async def test_what_a_line_must_have_cannot_be_taken_from_it(garage: Garage, nulled: str) -> None:
    _, job, found = await _draft(garage)
    labor = f"{job}/labor/{found['jobs'][0]['labor'][0]['id']}"
    assert (await garage.send("PATCH", labor, body={nulled: None}, version=found["version"])).status_code == 422
