import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.consuming import RawRecord, raw_record
from chassis.ids import derived_id, new_id
from owners.commands.attest_work_orders import EXPENSE, READING, SERVICE_ENTRY
from tests.service.owners.conftest import Owners, completed


async def counts(owners: Owners) -> tuple[int, int, int]:
    """Attested service entries, expenses and readings."""
    [row] = await owners.rows(
        "SELECT (SELECT count(*) FROM service_entry WHERE provenance = 'attested'), "
        "(SELECT count(*) FROM expense WHERE provenance = 'attested'), "
        "(SELECT count(*) FROM odometer_reading WHERE provenance = 'attested')"
    )
    entries, expenses, readings = row
    return entries, expenses, readings


async def test_completed_order_becomes_one_service_one_expense_and_one_reading(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    order = completed(car)
    await owners.deliver(order)
    [entry] = await owners.listed(f"{car}/service-entries", anna)
    assert (entry["provenance"], entry["service_date"], entry["time_zone"]) == (
        "attested",
        "2024-03-15",
        "Asia/Yekaterinburg",
    )
    assert entry["vendor"] == "СТО «Уральский мотор»"
    assert entry["cost"] == {"amount_minor": 981_100, "currency": "RUB"}
    assert [(line["kind"], line["amount"]["amount_minor"]) for line in entry["lines"]] == [
        ("labor", 432_000),
        ("part", 549_100),
    ]
    assert entry["next_due"] == {"km": 60_000, "months": None}
    assert entry["attestation"] == {
        "center_id": str(order.center_id),
        "work_order_id": str(order.work_order_id),
        "revision": 1,
        "snapshot_sha256": order.snapshot_sha256,
    }
    [expense] = await owners.listed(f"{car}/expenses", anna)
    assert (expense["id"], expense["category"], expense["amount"]) == (entry["expense_id"], "service", entry["cost"])
    [reading] = await owners.listed(f"{car}/odometer", anna)
    assert (reading["source"], reading["observed_at"], reading["odometer"]) == (
        "work_order",
        "2024-03-15T13:40:00Z",
        {"value": "187420", "unit": "km", "km": 187_420, "verdict": "ok"},
    )
    events = await owners.events("owners.record")
    assert [event["type"] for event in events] == [
        "owners.service-entry.recorded",
        "owners.expense.recorded",
        "owners.odometer.judged",
    ]
    assert [event["sequence"] for event in events] == [1, 2, 3]
    assert {event["provenance"] for event in events} == {"attested"}
    assert events[0]["attestation"]["work_order_id"] == str(order.work_order_id)
    assert events[0]["actor"] == order.actor.model_dump(mode="json")


async def test_row_ids_come_from_the_event(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    event_id = new_id()
    await owners.deliver(raw_record(completed(car), id=event_id))
    [entry] = await owners.listed(f"{car}/service-entries", anna)
    [reading] = await owners.listed(f"{car}/odometer", anna)
    assert UUID(entry["id"]) == derived_id(event_id, SERVICE_ENTRY)
    assert UUID(entry["expense_id"]) == derived_id(event_id, EXPENSE)
    assert UUID(reading["id"]) == derived_id(event_id, READING)


async def test_free_work_is_an_expense_of_zero(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    await owners.deliver(completed(car, totals={"total_minor": 0}))
    [expense] = await owners.listed(f"{car}/expenses", anna)
    assert expense["amount"] == {"amount_minor": 0, "currency": "RUB"}


async def test_unreadable_odometer_attests_no_reading(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    await owners.deliver(completed(car, "odometer-unreadable"))
    assert await counts(owners) == (1, 1, 0)
    assert (await owners.listed(f"{car}/service-entries", anna))[0]["odometer"] is None


async def test_miles_are_kept_as_miles(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    await owners.deliver(completed(car, odometer={"value": "41250.5", "unit": "mi", "km": 66_386}))
    [reading] = await owners.listed(f"{car}/odometer", anna)
    assert reading["odometer"] == {"value": "41250.5", "unit": "mi", "km": 66_386, "verdict": "ok"}


async def test_the_same_order_in_many_events_has_one_effect_of_each_kind(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    order = completed(car)
    await owners.deliver(order, order, raw_record(order))
    await asyncio.gather(*(owners.deliver(order) for _ in range(5)))
    assert await counts(owners) == (1, 1, 1)
    assert len(await owners.events("owners.record")) == 3


async def test_batch_of_many_orders_of_many_cars_is_numbered_without_gaps(owners: Owners) -> None:
    anna = await owners.sign_in()
    cars = [await owners.car(anna) for _ in range(4)]
    orders = [
        completed(car, odometer={"value": str(100_000 + 10 * turn), "km": 100_000 + 10 * turn})
        for turn in range(5)
        for car in cars
    ]
    await owners.deliver(*orders)
    assert await counts(owners) == (20, 20, 20)
    events = await owners.events("owners.record")
    for car in cars:
        of_car = [event for event in events if event["car_id"] == car.rpartition("/")[2]]
        assert [event["sequence"] for event in of_car] == list(range(1, 12))
        assert of_car[-1]["reading_count"] == 5


async def test_replay_with_an_emptied_inbox_changes_nothing(owners: Owners) -> None:
    anna, boris = await owners.sign_in(), await owners.sign_in()
    cars = [await owners.car(anna), await owners.car(boris)]
    for car in cars:
        await owners.read(car, anna if car == cars[0] else boris, "187000", "2024-01-01")
    await owners.deliver(*(completed(car) for car in cars), completed(cars[0], "odometer-unreadable"))
    before = await owners.checksums()
    await owners.execute("TRUNCATE inbox")
    await owners.deliver(*owners.delivered)
    await owners.deliver(*reversed(owners.delivered))
    assert await owners.checksums() == before


async def test_order_for_a_car_that_never_was_is_dead_and_its_neighbours_live(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    good = [completed(car) for _ in range(5)]
    lost = completed(f"/v1/cars/{uuid4()}")
    broken = RawRecord("workorders.workorder", 0, 99, b"x", b"{", raw_record(good[0]).headers)
    outcome = await owners.deliver(*good[:3], lost, broken, *good[3:], dead=2)
    assert (outcome.applied, await counts(owners)) == (5, (5, 5, 5))


async def test_attested_history_goes_on_when_its_owner_is_gone(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    await owners.delete("/v1/me", anna)
    await owners.deliver(completed(car))
    assert await counts(owners) == (1, 1, 1)


async def test_attested_reading_corrects_what_was_typed_and_the_change_is_published(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    await owners.read(car, anna, "1874200", "2024-03-14")
    await owners.deliver(completed(car))
    assert (await owners.get(car, anna)).json()["odometer"]["value"] == "187420"
    judged = (await owners.events("owners.record"))[-1]
    assert {one["value"]: one["verdict"] for one in judged["changed"]} == {"1874200": "quarantined", "187420": "ok"}
    assert judged["actor"] == {"user_id": None, "role": "system"}


@pytest.mark.parametrize("method", ["patch", "delete"])
async def test_attested_records_are_read_only_for_their_owner(owners: Owners, method: str) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    await owners.deliver(completed(car))
    [entry] = await owners.listed(f"{car}/service-entries", anna)
    before = await owners.checksums()
    for path in (f"{car}/service-entries/{entry['id']}", f"{car}/expenses/{entry['expense_id']}"):
        answer = await (
            owners.patch(path, anna, {"note": "x"}, 1) if method == "patch" else owners.delete(path, anna, 1)
        )
        problem: dict[str, Any] = answer.json()
        assert (answer.status_code, problem["type"]) == (409, "urn:carpass:problem:record-attested")
        assert "read-only" in problem["detail"]
    assert await owners.checksums() == before
