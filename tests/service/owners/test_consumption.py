"""Full-to-full consumption, kept up to date with every change of an entry."""

import json
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from owners.commands.refresh_consumption import rebuild_consumption
from owners.db.cars import lock_car
from tests.service.owners.conftest import Owners, Person
from tests.service.owners.test_fuel_entries import add, fill, petrol_car, version_of

VECTORS = json.loads((Path(__file__).parents[2] / "unit/owners/vectors/fuel.json").read_text("utf-8"))["cases"]


async def figures(owners: Owners, car: str, person: Person) -> list[str | None]:
    """What each fill owns, the first first."""
    rows = await owners.listed(f"{car}/fuel-entries", person)
    return [row["consumption"] and row["consumption"]["per_100_km"] for row in reversed(rows)]


async def of_kind(owners: Owners, car: str, person: Person, kind: str = "petrol") -> dict[str, Any]:
    answer = await owners.get(f"{car}/consumption", person)
    assert answer.status_code == 200, answer.text
    return next(row for row in answer.json()["kinds"] if row["energy_kind"] == kind)


@pytest.mark.parametrize("case", VECTORS, ids=[case["name"] for case in VECTORS])
@pytest.mark.parametrize("backwards", [False, True])
async def test_vectors_hold_in_whatever_order_the_fills_are_entered(
    owners: Owners, case: dict[str, Any], backwards: bool
) -> None:
    anna, car = await petrol_car(owners)
    bodies = [
        fill(day, km, volume=litres, full=full, missed_before=missed)
        for day, (km, litres, full, missed) in enumerate(case["fills"], 1)
    ]
    for body in reversed(bodies) if backwards else bodies:
        await add(owners, car, anna, body)
    assert await figures(owners, car, anna) == case["expected"]


async def test_what_is_undefined_is_null(owners: Owners) -> None:
    anna, car = await petrol_car(owners)
    assert (await owners.get(f"{car}/consumption", anna)).json() == {"kinds": [], "combined_cost_per_100_km": None}
    await add(owners, car, anna, fill(1, 1000, volume="40", full=True))
    alone = await of_kind(owners, car, anna)
    assert (alone["average_per_100_km"], alone["volume"], alone["distance_km"], alone["last"]) == (None,) * 4
    assert alone["cost_per_100_km"] is None


async def test_average_is_over_sums_and_names_its_intervals(owners: Owners) -> None:
    anna, car = await petrol_car(owners)
    price = {"unit_price": "50.00"}
    made = [
        await add(owners, car, anna, fill(day, km, volume=litres, full=True, **price))
        for day, (km, litres) in enumerate([(1000, "40"), (1400, "40"), (2400, "60")], 1)
    ]
    whole = await of_kind(owners, car, anna)
    assert (whole["average_per_100_km"], whole["volume"], whole["distance_km"]) == ("7.14", "100.000", 1400)
    assert whole["cost_per_100_km"] == {"amount_minor": 35_714, "currency": "RUB"}
    last = whole["last"]
    assert (last["first_entry_id"], last["last_entry_id"]) == (made[1]["id"], made[2]["id"])
    intervals = (await owners.get(f"{car}/consumption/intervals", anna, energy_kind="petrol")).json()["data"]
    assert [row["per_100_km"] for row in intervals] == ["6.00", "10.00"]


async def test_every_change_in_the_middle_moves_the_figures_around_it(owners: Owners) -> None:
    anna, car = await petrol_car(owners)
    fills = [(1000, "40"), (1500, "40"), (2000, "35")]
    made = [
        await add(owners, car, anna, fill(1 + 2 * place, km, volume=litres, full=True))
        for place, (km, litres) in enumerate(fills)
    ]
    middle = f"{car}/fuel-entries/{made[1]['id']}"
    assert await figures(owners, car, anna) == [None, "8.00", "7.00"]
    edited = await owners.patch(middle, anna, {"full": False}, 1)
    assert await figures(owners, car, anna) == [None, None, "7.50"]
    edited = await owners.patch(middle, anna, {"missed_before": True, "full": True}, version_of(edited))
    assert await figures(owners, car, anna) == [None, None, "7.00"]
    inserted = await add(owners, car, anna, fill(2, 1200, volume="10", full=True))
    assert await figures(owners, car, anna) == [None, "5.00", None, "7.00"]
    assert (await owners.delete(f"{car}/fuel-entries/{inserted['id']}", anna, 1)).status_code == 204
    assert (await owners.delete(middle, anna, version_of(edited))).status_code == 204
    assert await figures(owners, car, anna) == [None, "3.50"]


async def test_slip_of_a_digit_is_set_aside_and_moves_nothing(owners: Owners) -> None:
    anna, car = await petrol_car(owners)
    await add(owners, car, anna, fill(1, 198_605, volume="40", full=True))
    await add(owners, car, anna, fill(5, 199_105, volume="40", full=True))
    before = (await owners.get(f"{car}/consumption", anna)).json()
    slip = await add(owners, car, anna, fill(9, 1_999_105, volume="40", full=True))
    assert (slip["odometer"]["verdict"], slip["consumption"]) == ("quarantined", None)
    readings = await owners.listed(f"{car}/odometer", anna)
    assert {199_105, 199_905} <= set(readings[0]["candidates_km"])
    assert (await owners.get(car, anna)).json()["odometer"]["km"] == 199_105
    assert (await owners.get(f"{car}/consumption", anna)).json() == before
    one = f"{car}/fuel-entries/{slip['id']}"
    mended = await owners.patch(one, anna, {"odometer": {"value": "199905", "unit": "km"}}, 1)
    assert (mended.json()["odometer"]["verdict"], mended.json()["consumption"]["per_100_km"]) == ("ok", "5.00")


async def test_kinds_are_counted_apart_and_their_costs_together(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna, energy_kinds=["petrol", "lpg"])
    for day, (km, kind, litres) in enumerate(
        [(1000, "petrol", "30"), (1010, "lpg", "40"), (2000, "petrol", "10"), (2010, "lpg", "100")], 1
    ):
        body = fill(day, km, volume=litres, unit_price="10.00", full=True, energy_kind=kind)
        await add(owners, car, anna, body)
    shown = (await owners.get(f"{car}/consumption", anna)).json()
    assert {row["energy_kind"]: row["average_per_100_km"] for row in shown["kinds"]} == {
        "petrol": "1.00",
        "lpg": "10.00",
    }
    assert shown["combined_cost_per_100_km"] == {"amount_minor": 11_000, "currency": "RUB"}


async def test_charges_close_at_an_equal_state_of_charge(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna, energy_kinds=["electric"])
    for day, (km, kwh, soc) in enumerate([(1000, "30", 80), (1100, "10", 60), (1200, "30", 80)], 1):
        await add(owners, car, anna, fill(day, km, volume=kwh, volume_unit="kwh", soc_after=soc))
    whole = await of_kind(owners, car, anna, "electric")
    assert (whole["average_per_100_km"], whole["unit"], whole["distance_km"]) == ("20.00", "kwh", 200)


async def test_imperial_fills_are_counted_in_litres_and_kilometres(owners: Owners) -> None:
    anna, car = await petrol_car(owners, odometer_unit="mi")
    for day, miles in enumerate((1000, 1300), 1):
        odometer = {"value": str(miles), "unit": "mi"}
        await add(owners, car, anna, fill(day, volume="10", volume_unit="gal_us", full=True, odometer=odometer))
    whole = await of_kind(owners, car, anna)
    assert (whole["volume"], whole["distance_km"], whole["average_per_100_km"]) == ("37.854", 483, "7.84")


async def rebuilt(owners: Owners, car: str) -> tuple[list[Any], list[Any]]:
    """Figures and sums of a car as stored, and as a rebuild makes them."""
    car_id = car.rpartition("/")[2]
    entries = "SELECT t::text FROM fuel_entry t WHERE car_id = :car ORDER BY id"
    sums = "SELECT t::text FROM consumption_sum t WHERE car_id = :car ORDER BY t::text"
    stored = [await owners.rows(entries, car=car_id), await owners.rows(sums, car=car_id)]
    async with owners.owner.transaction() as tx:
        await tx.execute(text("DELETE FROM consumption_sum WHERE car_id = :car"), {"car": car_id})
        await tx.execute(text(FORGET_FIGURES), {"car": car_id})
        found = await lock_car(tx, UUID(car_id))
        assert found is not None
        await rebuild_consumption(tx, found, ["petrol"])
    return stored, [await owners.rows(entries, car=car_id), await owners.rows(sums, car=car_id)]


FORGET_FIGURES = """
    UPDATE fuel_entry SET interval_from_id = NULL, interval_km = NULL, interval_quantity = NULL,
        interval_cost_minor = NULL, interval_currency = NULL
    WHERE car_id = :car
"""
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "add", "edit", "remove"]),
        st.integers(1, 40),
        st.sampled_from([None, 0, 0, 0, 10, 25, 900_000]),  # kilometres beyond those of the day; now and then a slip
        st.one_of(st.none(), st.integers(1, 80)),
        st.sampled_from([True, True, False]),
        st.sampled_from([False, False, False, True]),
    ),
    min_size=3,
    max_size=14,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_stored_figures_are_what_a_rebuild_computes_after_any_changes(owners: Owners, steps: list[Any]) -> None:
    anna, car = await petrol_car(owners)
    await owners.execute("DELETE FROM outbox")
    entries: list[str] = []
    for action, day, beyond, litres, full, missed in steps:
        body = fill(day, None if beyond is None else 1000 + day * 200 + beyond, full=full, missed_before=missed)
        if litres is not None or beyond is None:  # a fill tells one of them at least
            body |= {"volume": str(litres or 1), "unit_price": "50.00"}
        if action == "add" or not entries:
            entries.append((await add(owners, car, anna, body))["id"])
            continue
        one = f"{car}/fuel-entries/{entries[day % len(entries)]}"
        version = version_of(await owners.get(one, anna))
        if action == "remove":
            assert (await owners.delete(one, anna, version)).status_code == 204
            entries.remove(one.rpartition("/")[2])
        else:
            body.pop("volume_unit")
            body = {"odometer": None, **body}
            assert (await owners.patch(one, anna, body, version)).status_code in {200, 422}
    stored, again = await rebuilt(owners, car)
    assert stored == again
    await _check_average(owners, car, anna)


async def _check_average(owners: Owners, car: str, anna: Person) -> None:
    rows = [row["consumption"] for row in await owners.listed(f"{car}/fuel-entries", anna) if row["consumption"]]
    shown = (await owners.get(f"{car}/consumption", anna)).json()["kinds"]
    if not rows:
        assert all(kind["average_per_100_km"] is None for kind in shown)
        return
    [kind] = shown
    litres, km = sum(Decimal(row["volume"]) for row in rows), sum(row["distance_km"] for row in rows)
    average = (litres * 100 / km).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    assert (Decimal(kind["volume"]), kind["distance_km"], kind["intervals"]) == (litres, km, len(rows))
    assert kind["average_per_100_km"] == str(average)
