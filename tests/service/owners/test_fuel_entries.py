"""Fills and charges, typed by the people of a car."""

from decimal import Decimal
from typing import Any

import pytest

from tests.service.owners.conftest import Owners, Person

RUB = {"currency": "RUB"}


def fill(day: int = 1, km: int | None = None, **more: Any) -> dict[str, Any]:
    """A fill in January 2024, or in the days that follow."""
    month, on = 1 + (day - 1) // 28, 1 + (day - 1) % 28
    odometer = {} if km is None else {"odometer": {"value": str(km), "unit": "km"}}
    return {"filled_on": f"2024-{month:02}-{on:02}", "volume_unit": "l", **odometer, **more}


async def petrol_car(owners: Owners, **details: Any) -> tuple[Person, str]:
    anna = await owners.sign_in()
    return anna, await owners.car(anna, energy_kinds=["petrol"], **details)


async def add(owners: Owners, car: str, person: Person, body: dict[str, Any]) -> dict[str, Any]:
    return await owners.created(f"{car}/fuel-entries", person, body)


def version_of(answer: Any) -> int:
    return int(answer.headers["etag"].strip('"'))


@pytest.mark.parametrize(
    ("told", "derived", "found"),
    [
        ({"volume": "40", "unit_price": "50.00"}, "total", ("40", "50.00", 200_000)),
        ({"volume": "40", "total": {"amount_minor": 200_000, **RUB}}, "unit_price", ("40", "50.00", 200_000)),
        ({"unit_price": "50.00", "total": {"amount_minor": 200_000, **RUB}}, "volume", ("40", "50.00", 200_000)),
    ],
)
async def test_any_two_of_volume_price_and_total_give_the_third(
    owners: Owners, told: dict[str, Any], derived: str, found: tuple[str, str, int]
) -> None:
    anna, car = await petrol_car(owners)
    made = await add(owners, car, anna, fill(**told))
    assert made["derived"] == derived
    volume, unit_price, total = found
    assert (Decimal(made["volume"]), Decimal(made["unit_price"])) == (Decimal(volume), Decimal(unit_price))
    assert made["total"] == {"amount_minor": total, **RUB}
    assert (made["discount"], made["warnings"]) == (None, [])


async def test_total_wins_beyond_rounding_and_the_difference_is_a_discount(owners: Owners) -> None:
    anna, car = await petrol_car(owners)
    told: dict[str, Any] = {"volume": "40", "unit_price": "50.00", "total": {"amount_minor": 190_000, **RUB}}
    made = await add(owners, car, anna, fill(**told))
    assert made["total"]["amount_minor"] == 190_000
    assert made["discount"] == {"amount_minor": 10_000, **RUB}
    assert [warning["code"] for warning in made["warnings"]] == ["total_disagrees"]


@pytest.mark.parametrize(
    ("kinds", "body", "unit"),
    [
        (["petrol"], {"volume": "10", "volume_unit": "gal_us"}, "gal_us"),
        (["petrol"], {"volume": "10", "volume_unit": "gal_uk"}, "gal_uk"),
        (["electric"], {"volume": "31.5", "volume_unit": "kwh", "soc_after": 80}, "kwh"),
        (["cng"], {"volume": "14.2", "volume_unit": "kg"}, "kg"),
        (["petrol", "lpg"], {"volume": "30", "energy_kind": "lpg"}, "l"),
    ],
)
async def test_units_are_those_of_the_kind_of_energy(
    owners: Owners, kinds: list[str], body: dict[str, Any], unit: str
) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna, energy_kinds=kinds)
    assert (await add(owners, car, anna, fill(**body)))["volume_unit"] == unit


async def test_a_yen_has_no_hundredths(owners: Owners) -> None:
    anna, car = await petrol_car(owners, currency="JPY")
    made = await add(owners, car, anna, fill(volume="40", unit_price="170"))
    assert made["total"] == {"amount_minor": 6_800, "currency": "JPY"}


WRONG: list[dict[str, Any]] = [
    {"volume": "-1"},
    {"volume": "0"},
    {"volume": "NaN"},
    {"volume": "1e3"},
    {"volume": "1.2345"},
    {"volume": "10000000"},
    {"volume": 40},
    {"unit_price": "-0"},
    {"unit_price": "Infinity"},
    {"total": {"amount_minor": 1.5, **RUB}},
    {"total": {"amount_minor": -1, **RUB}},
    {"total": {"amount_minor": 10**30, **RUB}},
    {"total": {"amount_minor": 5, "currency": "XXX"}},
    {"total": {"amount_minor": 5, **RUB}, "currency": "EUR"},
    {"volume": "40", "volume_unit": "kwh"},
    {"volume": "40", "energy_kind": "diesel"},
    {"volume": "40", "energy_kind": "steam"},
    {"volume": "40", "filled_on": "2999-01-01"},
    {"volume": "40", "filled_on": "2024-02-30"},
    {"volume": "40", "local_time": "25:00"},
    {"volume": "40", "time_zone": "Mars/Olympus"},
    {"volume": "40", "full": "yes"},
    {"volume": "40", "note": "a\u0000b"},
    {"volume": "40", "author_id": "0199aaaa-0000-7000-8000-000000000000"},
    {"volume": "40", "odometer": {"value": "-5", "unit": "km"}},
    {"volume": "40", "odometer": {"value": "1e400", "unit": "km"}},
    {"volume": "40", "odometer": {"value": "12 345", "unit": "km"}},
]
RAW = [
    b'{"filled_on": "2024-01-01", "volume": NaN}',
    b'{"filled_on": "2024-01-01", "total": {"amount_minor": 1e400, "currency": "RUB"}}',
    b'{"filled_on": "2024-01-01", "volume": "40", "volume": "41"}',
    b'{"filled_on": "2024-01-01", "volume": "40", "note": "\\ud800"}',
    b'{"filled_on": "2024-01-01", "volume": "40"',
    b"\xff\xfe",
    b'["filled_on"]',
]


async def test_impossible_fills_are_refused_and_change_nothing(owners: Owners) -> None:
    anna, car = await petrol_car(owners)
    before = await owners.checksums()
    for wrong in WRONG:
        answer = await owners.post(f"{car}/fuel-entries", anna, fill() | wrong)
        assert answer.status_code in {400, 422}, wrong
        assert answer.headers["content-type"] == "application/problem+json"
    for body in RAW:
        headers = {**anna.acting(), "Content-Type": "application/json"}
        answer = await owners.client.post(f"{car}/fuel-entries", headers=headers, content=body)
        assert answer.status_code in {400, 422}, body
    assert {**await owners.checksums(), "idempotency_key": ""} == {**before, "idempotency_key": ""}


async def test_fill_is_listed_read_and_published_once(owners: Owners) -> None:
    anna, car = await petrol_car(owners)
    path, body = f"{car}/fuel-entries", fill(km=1000, volume="40", full=True)
    first = await owners.post(path, anna, body, key="the-same-request")
    again = await owners.post(path, anna, body, key="the-same-request")
    assert (first.status_code, again.json()) == (201, first.json())
    [listed] = await owners.listed(path, anna)
    assert listed == first.json()
    assert first.headers["location"] == f"{path}/{listed['id']}"
    assert (await owners.get(f"{path}/{listed['id']}", anna)).json() == listed
    assert (listed["odometer"]["verdict"], listed["author_id"]) == ("ok", str(anna.user_id))
    types = [event["type"] for event in await owners.events("owners.record")]
    assert types == ["owners.fuel-entry.recorded", "owners.odometer.judged"]
    [reading] = await owners.listed(f"{car}/odometer", anna)
    assert (reading["source"], reading["odometer"]["km"]) == ("fuel", 1000)
    assert await owners.listed(f"{car}/expenses", anna) == []  # a cost counts once: fuel is no expense


async def test_list_is_paged_and_can_be_of_one_kind(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna, energy_kinds=["petrol", "lpg"])
    for day in range(1, 8):
        await add(owners, car, anna, fill(day, volume="40", energy_kind="petrol" if day % 2 else "lpg"))
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        answer = (await owners.get(f"{car}/fuel-entries", anna, limit=3, **cursor)).json()
        seen += [row["filled_on"] for row in answer["data"]]
        if answer["next_cursor"] is None:
            break
        cursor = {"cursor": answer["next_cursor"]}
    assert seen == [f"2024-01-{day:02}" for day in range(7, 0, -1)]
    lpg = (await owners.get(f"{car}/fuel-entries", anna, energy_kind="lpg")).json()["data"]
    assert {row["energy_kind"] for row in lpg} == {"lpg"}
    assert len(lpg) == 3


async def test_edit_asks_for_the_version_and_computes_what_follows(owners: Owners) -> None:
    anna, car = await petrol_car(owners)
    made = await add(owners, car, anna, fill(km=1000, volume="40", unit_price="50.00"))
    one = f"{car}/fuel-entries/{made['id']}"
    assert (await owners.patch(one, anna, {"volume": "41"}, None)).status_code == 428
    edited = await owners.patch(one, anna, {"volume": "41"}, 1)
    assert (edited.status_code, edited.json()["total"]["amount_minor"]) == (200, 205_000)
    assert (await owners.patch(one, anna, {"volume": "42"}, 1)).status_code == 412
    moved = await owners.patch(one, anna, {"odometer": {"value": "1010", "unit": "km"}}, version_of(edited))
    assert moved.json()["odometer"]["km"] == 1010
    emptied = await owners.patch(one, anna, {"odometer": None}, version_of(moved))
    assert emptied.json()["odometer"] is None
    assert (await owners.patch(one, anna, {"filled_on": None}, version_of(emptied))).status_code == 422
    types = [event["type"] for event in await owners.events("owners.record")]
    assert types.count("owners.fuel-entry.changed") == 3


async def test_removed_fill_takes_its_reading_along(owners: Owners) -> None:
    anna, car = await petrol_car(owners)
    made = await add(owners, car, anna, fill(km=1000, volume="40"))
    one = f"{car}/fuel-entries/{made['id']}"
    assert (await owners.delete(one, anna, 1)).status_code == 204
    assert (await owners.get(one, anna)).status_code == 404
    assert await owners.listed(f"{car}/odometer", anna) == []
    assert (await owners.get(car, anna)).json()["odometer"] is None
    assert "owners.fuel-entry.removed" in {event["type"] for event in await owners.events("owners.record")}


async def test_another_persons_fills_are_not_there(owners: Owners) -> None:
    anna, car = await petrol_car(owners)
    made = await add(owners, car, anna, fill(volume="40"))
    boris = await owners.sign_in()
    other = await owners.car(boris, energy_kinds=["petrol"])
    one = f"{car}/fuel-entries/{made['id']}"
    assert (await owners.get(f"{car}/fuel-entries", boris)).status_code == 404
    assert (await owners.post(f"{car}/fuel-entries", boris, fill(volume="1"))).status_code == 404
    for path in (one, f"{other}/fuel-entries/{made['id']}"):
        assert (await owners.get(path, boris)).status_code == 404
        assert (await owners.patch(path, boris, {"note": "mine"}, 1)).status_code == 404
        assert (await owners.delete(path, boris, 1)).status_code == 404
    assert len(await owners.listed(f"{car}/fuel-entries", anna)) == 1
