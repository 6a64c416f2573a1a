"""A meter that a service center replaced: readings go on, and nobody's own word makes one."""

import asyncio
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.consuming import RawRecord, raw_record
from chassis.ids import new_id
from contracts.workorders import WorkOrderCompleted
from owners.commands.refresh_consumption import rebuild_consumption
from owners.db.cars import lock_car
from tests.service.owners.conftest import Owners, Person, completed
from tests.service.owners.test_consumption import figures, of_kind
from tests.service.owners.test_database_roles import refusal, seen
from tests.service.owners.test_export import exported
from tests.service.owners.test_fuel_entries import add, fill, petrol_car
from tests.service.owners.test_import import shown, taken_in
from tests.service.owners.test_ownership import BOUGHT, analytics, put
from tests.service.owners.test_statement_counts import asked

__all__ = ["asked"]  # a fixture

DAY = date(2024, 3, 15)


def replaced(
    car: str, removed: str | None, value: str = "12", *, on: date = DAY, removed_km: int | None = None, **changes: Any
) -> WorkOrderCompleted:
    """A completed order whose center put in a meter that began at 5 km; `removed` is None when it was not read."""
    at = datetime(on.year, on.month, on.day, 13, 40, tzinfo=UTC)
    meter = {
        "removed_value": removed,
        "removed_unit": "km",
        "removed_km": removed_km or int(removed or 0),
        "installed_value": "5",
        "installed_unit": "km",
        "installed_km": 5,
        "reason": "Щиток приборов не работал",
        "override_reason": None,
        "photo_sha256": None,
    }
    odometer = {"value": value, "km": int(value), "measured_at": at.isoformat(), "meter_replacement": meter}
    return completed(car, odometer=odometer, **changes)


def visited(car: str, value: str, on: date) -> WorkOrderCompleted:
    at = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    return completed(car, odometer={"value": value, "km": int(value), "measured_at": at.isoformat()})


async def verdicts(owners: Owners, car: str, person: Person) -> list[tuple[int, str, int]]:
    """Of each reading, the first first: what was read, its verdict, and how far the car had been driven."""
    rows = await owners.listed(f"{car}/odometer", person)
    return [(row["odometer"]["km"], row["odometer"]["verdict"], row["total_km"]) for row in reversed(rows)]


async def counts(owners: Owners) -> tuple[int, int, int]:
    """Replacements, attested readings, and readings of removed meters."""
    [row] = await owners.rows(
        "SELECT (SELECT count(*) FROM meter_replacement), count(*), count(*) FILTER (WHERE removed_meter) "
        "FROM odometer_reading WHERE provenance = 'attested'"
    )
    return tuple(row)


async def test_completed_order_replaces_the_meter_and_readings_go_on(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    await owners.deliver(visited(car, "180000", date(2024, 1, 10)))
    order = replaced(car, "187420")
    await owners.deliver(order)
    await owners.read(car, anna, "900", "2024-04-10")
    assert await verdicts(owners, car, anna) == [
        (180_000, "ok", 180_000),
        (187_420, "ok", 187_420),
        (12, "ok", 187_427),
        (900, "ok", 188_315),
    ]
    assert (await owners.get(car, anna)).json()["odometer"]["value"] == "900"
    newest, handed_over, removed, _ = await owners.listed(f"{car}/odometer", anna)
    assert newest["meter_replacement"] is None
    assert (handed_over["removed_meter"], removed["removed_meter"]) == (False, True)
    assert handed_over["meter_replacement"] == removed["meter_replacement"]
    assert removed["attestation"] == handed_over["attestation"]
    assert removed["attestation"]["work_order_id"] == str(order.work_order_id)
    told = handed_over["meter_replacement"]
    assert (told["replaced_on"], told["replaced_at"], told["reason"]) == (
        "2024-03-15",
        "2024-03-15T13:40:00Z",
        "Щиток приборов не работал",
    )
    assert told["removed"] == {"value": "187420", "unit": "km", "km": 187_420}
    assert (told["installed"]["km"], told["offset_km"]) == (5, 187_415)
    assert (removed["observed_on"], removed["observed_at"], removed["service_entry_id"]) == ("2024-03-15", None, None)
    judged = next(event for event in await owners.events("owners.record") if event.get("meter_replacements"))
    [replacement] = judged["meter_replacements"]
    assert (replacement["removed_km"], replacement["removed_was_read"], replacement["installed_km"]) == (
        187_420,
        True,
        5,
    )
    assert (judged["meter_offset_km"], judged["last_ok"]["km"], judged["last_ok"]["meter_offset_km"]) == (
        187_415,
        12,
        187_415,
    )


async def test_event_of_a_car_whose_meter_was_never_replaced_does_not_speak_of_it(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    await owners.deliver(completed(car))
    told = str(await owners.events("owners.record"))
    assert "odometer_km" in told
    assert "meter_offset_km" not in told
    assert "meter_replacement" not in told


async def test_meter_that_could_not_be_read_leaves_no_reading_and_goes_on_from_the_last_good_one(
    owners: Owners,
) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    await owners.deliver(visited(car, "180000", date(2024, 1, 10)), replaced(car, None, removed_km=180_000))
    assert await counts(owners) == (1, 2, 0)
    assert await verdicts(owners, car, anna) == [(180_000, "ok", 180_000), (12, "ok", 180_007)]
    told = (await owners.listed(f"{car}/odometer", anna))[0]["meter_replacement"]
    assert (told["removed"], told["removed_km"], told["offset_km"]) == (None, 180_000, 179_995)


async def test_replacement_has_its_effects_once_however_often_it_is_told(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    order = replaced(car, "187420")
    await owners.deliver(order, order, raw_record(order, id=new_id()))
    await asyncio.gather(*(owners.deliver(raw_record(order, id=new_id())) for _ in range(4)))
    assert await counts(owners) == (1, 2, 1)
    assert len(await owners.events("owners.record")) == 3
    await owners.deliver(replaced(car, "400", "9", on=DAY + timedelta(days=20)))
    assert await verdicts(owners, car, anna) == [
        (187_420, "ok", 187_420),
        (12, "ok", 187_427),
        (400, "ok", 187_815),
        (9, "ok", 187_819),
    ]
    before = await owners.checksums()
    await owners.execute("TRUNCATE inbox")
    await owners.deliver(*owners.delivered)
    await owners.deliver(*reversed(owners.delivered))
    assert await owners.checksums() == before


async def test_one_bad_replacement_takes_no_batch_with_it(owners: Owners) -> None:
    anna = await owners.sign_in()
    cars = [await owners.car(anna) for _ in range(3)]
    good = [replaced(car, "187420") for car in cars]
    odd = replaced(cars[0], "187420", on=DAY + timedelta(days=3))
    bad = raw_record(odd)
    told = bad.value.replace(b'"removed_value":"187420"', b'"removed_value":"-187420"') if bad.value else b""
    broken = RawRecord(bad.topic, bad.partition, 77, bad.key, told, bad.headers)
    await owners.deliver(good[0], broken, *good[1:], dead=1)
    assert await counts(owners) == (3, 6, 3)


async def test_batch_of_replacements_costs_as_many_statements_as_one_and_none_where_there_is_none(
    owners: Owners, asked: Any
) -> None:
    anna = await owners.sign_in()
    cars = [await owners.car(anna) for _ in range(7)]

    async def cost(*orders: WorkOrderCompleted) -> int:
        asked.clear()
        await owners.deliver(*orders)
        return int(asked.total())

    plain = await cost(completed(cars[0]))
    one = await cost(replaced(cars[1], "187420"))
    assert await cost(*(replaced(car, "187420") for car in cars[2:])) == one == plain + 1
    later = await cost(visited(cars[0], "188000", date(2024, 4, 10)))
    again = await cost(visited(cars[1], "900", date(2024, 4, 10)))
    assert await cost(*(visited(car, "900", date(2024, 4, 10)) for car in cars[2:])) == again == later + 1


async def test_rollback_stays_one_whatever_the_owner_says(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    await owners.deliver(visited(car, "180000", date(2024, 1, 10)))
    await owners.read(car, anna, "20", "2024-02-01")
    await owners.read(car, anna, "900", "2024-03-01")
    rolled = [(180_000, "ok", 180_000), (20, "rollback", 20), (900, "rollback", 900)]
    assert await verdicts(owners, car, anna) == rolled
    shown_now = {"value": "950", "unit": "km"}
    reading = {"odometer": shown_now, "observed_on": "2024-03-05"}
    claims: list[dict[str, Any]] = [
        reading | {"meter_replacement": {"removed": {"value": "180000", "unit": "km"}}},
        reading | {"odometer": {**shown_now, "meter_replacement": {}}},
        reading | {"meter_offset_km": 180_000},
    ]
    for claim in claims:
        assert await owners.created_status(f"{car}/odometer", anna, claim) == 422
    service = {"service_date": "2024-01-20", "lines": [{"title": "Замена одометра", "kind": "part"}]}
    await owners.created(f"{car}/service-entries", anna, service | {"odometer": {"value": "20", "unit": "km"}})
    assert await counts(owners) == (0, 1, 0)
    assert [verdict for _, verdict, _ in await verdicts(owners, car, anna)] == ["ok", *["rollback"] * 3]


async def test_replacement_of_another_car_in_a_file_clears_no_rollback(owners: Owners) -> None:
    anna = await owners.sign_in()
    replaced_one, rolled = await owners.car(anna), await owners.car(anna, vin=None, nickname="two")
    await owners.deliver(replaced(replaced_one, "187420"))
    document, _ = await exported(owners, replaced_one, anna)
    await owners.deliver(visited(rolled, "186000", date(2024, 1, 10)))
    await owners.read(rolled, anna, "900", "2024-04-10")
    file = await owners.get(f"{replaced_one}/export", anna)
    await taken_in(owners, rolled, anna, file.content)
    assert document["origin"]["records"]
    assert await owners.rows("SELECT 1 FROM meter_replacement WHERE car_id = :car", car=rolled.rpartition("/")[2]) == []
    found = {km: verdict for km, verdict, _ in await verdicts(owners, rolled, anna)}
    assert (found[12], found[900]) == ("rollback", "rollback")


async def test_readings_typed_at_an_earlier_date_are_of_the_old_meter(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    await owners.deliver(replaced(car, "187420"))
    for value, on in (("187000", "2024-03-01"), ("187400", "2024-03-15"), ("10", "2024-03-15"), ("90", "2024-03-20")):
        await owners.read(car, anna, value, on)
    found = {km: (verdict, total) for km, verdict, total in await verdicts(owners, car, anna)}
    assert found[187_000] == ("ok", 187_000)
    assert found[187_400] == ("ok", 187_400)
    assert found[10] == ("ok", 187_425)
    assert found[90] == ("ok", 187_505)


async def test_candidates_are_as_the_new_meter_would_show_them(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    await owners.deliver(replaced(car, "187420"))
    await owners.read(car, anna, "900", "2024-04-10")
    slip = await owners.read(car, anna, "18000", "2024-04-20")
    assert slip["odometer"]["verdict"] == "quarantined"
    assert 1_800 in slip["candidates_km"]
    assert all(900 <= km <= 900 + 3_000 for km in slip["candidates_km"])


async def test_consumption_spans_a_replacement(owners: Owners) -> None:
    anna, car = await petrol_car(owners)
    await add(owners, car, anna, fill(1, 187_000, volume="40", full=True))
    await add(owners, car, anna, fill(9, 85, volume="40", full=True))
    assert await figures(owners, car, anna) == [None, None]
    await owners.deliver(replaced(car, "187420", on=date(2024, 1, 5)))
    assert await figures(owners, car, anna) == [None, "8.00"]
    assert (await of_kind(owners, car, anna))["distance_km"] == 500
    await add(owners, car, anna, fill(20, 585, volume="30", full=True))
    assert await figures(owners, car, anna) == [None, "8.00", "6.00"]


async def test_distance_and_depreciation_count_what_the_car_was_driven(owners: Owners) -> None:
    anna = await owners.sign_in()
    bought = BOUGHT["purchase"] | {"odometer": {"value": "180000", "unit": "km"}}
    car = await owners.car(anna, purchase=bought)
    method = {
        "method": "by_distance",
        "residual": {"amount_minor": 0, "currency": "RUB"},
        "life_km": 100_000,
    }
    assert (await put(owners, f"{car}/depreciation", anna, method)).status_code == 200
    await owners.read(car, anna, "180000", "2023-12-31")
    await owners.deliver(replaced(car, "187420"))
    await owners.read(car, anna, "900", "2024-04-10")
    await owners.read(car, anna, "2585", "2024-05-10")
    found = await analytics(owners, car, anna, "2024-01-01", "2024-12-31")
    assert found["distance_km"] == 10_000
    assert [(month["month"], month["distance_km"]) for month in found["by_month"]] == [
        ("2024-03", 7_427),
        ("2024-04", 888),
        ("2024-05", 1_685),
    ]
    assert found["finances"]["depreciation"]["amount_minor"] == 300_000


async def test_purchase_after_a_replacement_is_told_in_what_the_new_meter_shows(owners: Owners) -> None:
    anna = await owners.sign_in()
    price = {"amount_minor": 1_000_000, "currency": "RUB"}
    car = await owners.car(
        anna, purchase={"date": "2024-04-01", "price": price, "odometer": {"value": "105", "unit": "km"}}
    )
    method = {"method": "by_distance", "residual": {"amount_minor": 0, "currency": "RUB"}, "life_km": 10_000}
    assert (await put(owners, f"{car}/depreciation", anna, method)).status_code == 200
    await owners.deliver(replaced(car, "187420"))
    await owners.read(car, anna, "1105", "2024-04-10")
    found = await analytics(owners, car, anna, "2024-04-01", "2024-12-31")
    assert found["finances"]["depreciation"]["amount_minor"] == 100_000


async def test_buyer_reads_replacements_with_the_readings(owners: Owners) -> None:
    anna, vera = await owners.sign_in(), await owners.sign_in()
    car = await owners.car(anna)
    await owners.deliver(replaced(car, "187420"))
    offer = (await owners.post(f"{car}/transfer", anna, {})).json()
    assert (await owners.post("/v1/car-transfers/acceptance", vera, {"token": offer["token"]})).status_code == 200
    [handed_over, removed] = await owners.listed(f"{car}/odometer", vera)
    assert handed_over["meter_replacement"] == removed["meter_replacement"] is not None
    assert (await owners.read(car, vera, "900", "2024-04-10"))["total_km"] == 188_315
    assert len(await owners.listed(f"{car}/odometer", anna)) == 2


async def test_document_tells_of_the_replacement_and_keeps_its_bytes_through_an_import(owners: Owners) -> None:
    anna = await owners.sign_in()
    car, other = await owners.car(anna), await owners.car(anna, vin=None, nickname="other")
    await owners.deliver(replaced(car, "187420"))
    await owners.read(car, anna, "900", "2024-04-10")
    document, data = await exported(owners, car, anna)
    told = [record["reading"].get("meter_replacement") for record in document["origin"]["records"]]
    assert [one is not None for one in told].count(True) == 2
    assert {record["reading"].get("meter_offset_km", 0) for record in document["origin"]["records"]} == {0, 187_415}
    file = (await owners.get(f"{car}/export", anna)).content
    await taken_in(owners, other, anna, file)
    again, data_again = await exported(owners, other, anna)
    assert data_again == data
    sources = [record["source"]["reading"].get("meter_replacement") for record in again["origin"]["records"]]
    assert sources == told
    assert {record["provenance"] for record in again["origin"]["records"]} == {"self_declared"}
    assert (await shown(owners, other, anna, file))["counts"]["new"] == 0


@pytest.mark.parametrize("role", ["owner", "api", "worker"])
async def test_nobody_changes_or_removes_a_replacement_or_what_it_says_of_readings(owners: Owners, role: str) -> None:
    anna = await owners.sign_in()
    await owners.deliver(replaced(await owners.car(anna), "187420"))
    before = await owners.checksums()
    for statement in (
        "UPDATE meter_replacement SET reason = 'x'",
        "UPDATE meter_replacement SET removed_km = 0",
        "DELETE FROM meter_replacement",
        "TRUNCATE meter_replacement CASCADE",
        "UPDATE odometer_reading SET removed_meter = NOT removed_meter",
        "UPDATE odometer_reading SET meter_replacement_id = NULL",
    ):
        assert await refusal(getattr(owners, role), statement, anna) in {"CP001", "42501"}, statement
    copied = "INSERT INTO meter_replacement SELECT * FROM meter_replacement"
    assert await refusal(owners.api, copied, anna) == "42501"
    assert await owners.checksums() == before


async def test_replacements_are_seen_by_who_sees_the_readings(owners: Owners) -> None:
    anna, boris = await owners.sign_in(), await owners.sign_in()
    await owners.deliver(replaced(await owners.car(anna), "187420"))
    assert len(await seen(owners, "SELECT id FROM meter_replacement", anna)) == 1
    assert await seen(owners, "SELECT id FROM meter_replacement", boris) == []
    assert await seen(owners, "SELECT id FROM meter_replacement", None) == []


@pytest.mark.parametrize("seed", range(3))
async def test_figures_are_those_of_a_rebuild_after_readings_fills_and_replacements_in_any_order(
    owners: Owners, seed: int
) -> None:
    """The car drives 40 km a day; its meter is replaced twice. What is told of it comes in any order."""
    dice = random.Random(seed)  # noqa: S311 -- repeatable is what matters
    anna, car = await petrol_car(owners)
    first = date(2026, 1, 1)

    def meter(day: int) -> int:
        total = 100_000 + 40 * day
        return total if day < 20 else total - 100_800 + 5 if day < 40 else total - 101_600 + 5

    def of(day: int) -> date:
        return first + timedelta(days=day)

    async def filled(day: int) -> None:
        odometer = {"value": str(meter(day)), "unit": "km"}
        body = {"filled_on": of(day).isoformat(), "volume": "4", "volume_unit": "l", "full": True}
        await owners.created(f"{car}/fuel-entries", anna, body | {"odometer": odometer, "unit_price": "50"})

    async def read(day: int) -> None:
        await owners.read(car, anna, str(meter(day)), of(day).isoformat())

    async def put_in(day: int) -> None:
        old = 100_800 if day == 20 else 805
        await owners.deliver(replaced(car, str(old), str(meter(day)), on=of(day)))

    told = [(filled, day) for day in range(1, 60, 3)] + [(read, day) for day in range(2, 60, 6)]
    told += [(put_in, 20), (put_in, 40)]
    dice.shuffle(told)
    for what, day in told:
        await what(day)
    found = await analytics(owners, car, anna, "2026-01-01", "2026-02-28")
    assert found["distance_km"] == 40 * 57
    assert sum(month["distance_km"] for month in found["by_month"]) == found["distance_km"]
    assert {verdict for _, verdict, _ in await verdicts(owners, car, anna)} == {"ok"}
    kept = "SELECT string_agg(t::text, ',' ORDER BY t::text) FROM {} t"
    tables = ("fuel_entry", "consumption_sum", "odometer_reading")
    before = [(await owners.rows(kept.format(table)))[0][0] for table in tables]
    async with owners.worker.transaction() as tx:
        locked = await lock_car(tx, UUID(car.rpartition("/")[2]))
        assert locked is not None
        await rebuild_consumption(tx, locked, ["petrol"])
    assert [(await owners.rows(kept.format(table)))[0][0] for table in tables] == before
    whole = await of_kind(owners, car, anna)
    assert (whole["average_per_100_km"], whole["distance_km"]) == ("3.33", 40 * 57)
