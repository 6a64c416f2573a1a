from datetime import timedelta
from typing import Any

import pytest

from tests.service.workorders.garage import READING, Garage

PHOTO = "ab" * 32


def _reading(value: str, **more: Any) -> dict[str, Any]:
    return {"odometer": {"value": value, "unit": "km"}, **more}


async def test_an_implausible_reading_is_refused_with_what_may_have_been_meant(garage: Garage) -> None:
    await garage.deliver(garage.judged(187_420, garage.clock() - timedelta(days=2)))
    order = await garage.ready()
    answer = await garage.act(order, "completion", body=_reading("1875000"))
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (422, "urn:carpass:problem:implausible-odometer")
    assert problem["errors"][0]["code"] == "implausible"
    candidates = [error["message"] for error in problem["errors"] if error["code"] == "candidate"]
    assert candidates == ["187500 km"]
    assert (await garage.order(order))["status"] == "ready"


async def test_an_implausible_reading_passes_with_a_reason_and_a_photo(garage: Garage) -> None:
    await garage.deliver(garage.judged(187_420, garage.clock() - timedelta(days=2)))
    order = await garage.ready()
    override = {"reason": "Заменили щиток приборов", "photo_sha256": PHOTO}
    await garage.done(order, "completion", body=_reading("12", override=override))
    odometer = (await garage.get(f"{order}/snapshot")).json()["snapshot"]["odometer"]
    assert (odometer["value"], odometer["km"], odometer["readable"]) == ("12", 12, True)
    assert (odometer["override_reason"], odometer["photo_sha256"]) == ("Заменили щиток приборов", PHOTO)


async def test_an_unreadable_odometer_attests_no_reading(garage: Garage) -> None:
    order = await garage.ready()
    await garage.done(order, "completion", body={"unreadable_reason": "Щиток разбит"})
    odometer = (await garage.get(f"{order}/snapshot")).json()["snapshot"]["odometer"]
    assert (odometer["readable"], odometer["value"], odometer["km"]) == (False, None, None)
    assert odometer["unreadable_reason"] == "Щиток разбит"


async def test_a_reading_in_miles_keeps_its_unit_beside_canonical_kilometres(garage: Garage) -> None:
    order = await garage.ready()
    await garage.done(order, "completion", body={"odometer": {"value": "62137.1", "unit": "mi"}})
    odometer = (await garage.get(f"{order}/snapshot")).json()["snapshot"]["odometer"]
    assert (odometer["value"], odometer["unit"], odometer["km"]) == ("62137.1", "mi", 100_000)


@pytest.mark.parametrize(
    "body",
    [
        {},
        READING | {"unreadable_reason": "И так, и так"},
        {"unreadable_reason": ""},
        {"unreadable_reason": "Нет", "override": {"reason": "Зачем", "photo_sha256": PHOTO}},
        READING | {"override": {"reason": "Без фото"}},
        READING | {"override": {"reason": "Фото", "photo_sha256": "AB" * 32}},
        _reading("-1"),
        _reading("187 500"),
        _reading("１８７５００"),
        _reading("99999999"),
        _reading("1e5"),
        {"odometer": {"value": 187500, "unit": "km"}},
        {"odometer": {"value": "187500", "unit": "verst"}},
        READING | {"total": {"amount_minor": 1, "currency": "RUB"}},
    ],
    ids=str,
)
async def test_a_hand_over_that_breaks_a_rule_is_refused(garage: Garage, body: dict[str, Any]) -> None:
    order = await garage.ready()
    assert (await garage.act(order, "completion", body=body)).status_code == 422
    assert (await garage.order(order))["status"] == "ready"


@pytest.mark.parametrize("verification", ["draft", "submitted", "rejected", "suspended"])
async def test_an_unapproved_center_completes_nothing(garage: Garage, verification: str) -> None:
    order = await garage.ready()
    await garage.deliver(garage.center_approved(verification=verification, sequence=3))
    answer = await garage.act(order, "completion", body=READING)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:carpass:problem:center-not-approved")
    assert await garage.rows("SELECT 1 FROM snapshot") == []


async def test_work_that_nobody_agreed_to_hinders_completion(garage: Garage) -> None:
    order = await garage.approved()
    await garage.post(f"{order}/jobs", body={"title": "Забытая работа"})
    await garage.done(order, "start")
    await garage.done(order, "ready")
    answer = await garage.act(order, "completion", body=READING)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:carpass:problem:jobs-undecided")


async def test_a_bill_above_what_was_agreed_hinders_completion(garage: Garage) -> None:
    """One job became cheaper, another used that to grow, and then the first was removed."""
    order = await garage.open()
    cheaper, dearer = await garage.job(order), await garage.job(order, "Масло")
    await garage.done(order, "estimate")
    agreed = await garage.answer(order)
    line = agreed["jobs"][0]["labor"][0]["id"]
    await garage.send("PATCH", f"{cheaper}/labor/{line}", body={"rate": "400"}, version=agreed["version"])
    added = await garage.post(
        f"{dearer}/products", body={"kind": "fluid", "name": "Масло", "quantity": "4", "unit": "l", "price": "500"}
    )
    assert added.json()["jobs"][1]["status"] == "authorised"
    await garage.send("DELETE", cheaper, version=added.json()["version"])
    await garage.done(order, "start")
    await garage.done(order, "ready")
    answer = await garage.act(order, "completion", body=READING)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:carpass:problem:exceeds-authorised")


async def test_the_owner_cancels_before_the_start_only(garage: Garage) -> None:
    order = await garage.approved()
    await garage.done(order, "start")
    reason = {"reason": "Долго"}
    assert (await garage.act(order, "cancellation", "car_owner", reason)).status_code == 403
    cancelled = await garage.done(order, "cancellation", "owner", reason)
    assert (cancelled["status"], cancelled["closed_at"] is not None) == ("cancelled", True)
    last = (await garage.events())[-1]
    assert (last["type"], last["previous"], last["reason"]) == ("cancelled", "in_progress", "Долго")
