"""A car changes hands: what goes along, what stays behind, and what the old owner keeps."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.service.owners.conftest import Owners, Person, completed
from tests.service.owners.test_access import accepted, invited

MONEY = {"amount_minor": 5_000, "currency": "RUB"}
SERVICE = {"service_date": "2024-02-01", "lines": [{"title": "Oil", "kind": "fluid", "amount": MONEY}], "note": "own"}
EXPENSE = {"expense_date": "2024-02-02", "category": "wash", "amount": MONEY, "note": "private"}
FUEL = {
    "filled_on": "2024-02-03",
    "energy_kind": "petrol",
    "volume": "40",
    "volume_unit": "l",
    "total": MONEY,
    "odometer": {"value": "2000", "unit": "km"},
    "full": True,
}
ACCEPTANCE = "/v1/car-transfers/acceptance"


async def offered(owners: Owners, car: str, owner: Person, **sale: Any) -> dict[str, Any]:
    return await owners.created(f"{car}/transfer", owner, sale)


async def handed_over(owners: Owners, car: str, owner: Person, to: Person, **sale: Any) -> dict[str, Any]:
    answer = await owners.post(ACCEPTANCE, to, {"token": (await offered(owners, car, owner, **sale))["token"]})
    assert answer.status_code == 200, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


async def lived_in(owners: Owners) -> tuple[Person, Person, str]:
    """An owner, a buyer, and a car with an entry of each kind and attested work."""
    anna, boris = await owners.sign_in(), await owners.sign_in(first_name="Борис")
    bought = {"date": "2023-01-01", "price": {"amount_minor": 90_000_000, "currency": "RUB"}}
    car = await owners.car(anna, energy_kinds=["petrol"], purchase=bought, nickname="Ласточка", tags=["дача"])
    await owners.created(f"{car}/service-entries", anna, SERVICE)
    await owners.created(f"{car}/expenses", anna, EXPENSE)
    await owners.created(f"{car}/fuel-entries", anna, FUEL)
    await owners.deliver(
        completed(car, owner_id=str(anna.user_id), odometer={"value": "3000", "unit": "km", "km": 3000})
    )
    return anna, boris, car


async def test_history_goes_along_and_private_things_stay_behind(owners: Owners) -> None:
    anna, boris, car = await lived_in(owners)
    taken = await handed_over(owners, car, anna, boris, sold_on="2024-04-01", price=MONEY)
    assert (taken["my_role"], taken["nickname"], taken["tags"]) == ("owner", None, [])
    assert taken["purchase"] == {"date": "2024-04-01", "price": None, "odometer": None}
    assert taken["odometer"]["km"] == 3000
    assert [row["odometer"]["km"] for row in await owners.listed(f"{car}/odometer", boris)] == [3000, 2000]
    [attested] = await owners.listed(f"{car}/service-entries", boris)
    assert (attested["provenance"], attested["cost"], attested["note"], attested["expense_id"]) == (
        ("attested", None, None, None)
    )
    assert attested["lines"]
    assert {str(line["amount"]) for line in attested["lines"]} == {"None"}
    for path in ("expenses", "fuel-entries", "valuations"):
        answer = (await owners.get(f"{car}/{path}", boris)).json()
        assert not (answer["data"] if "data" in answer else answer["valuations"]), path
    analytics = (await owners.get(f"{car}/analytics", boris, **{"from": "2023-01-01"})).json()
    assert "5000" not in str(analytics)
    exported = await owners.get(f"{car}/export", boris)
    assert exported.status_code == 200
    for hidden in ("private", "own", "5000", '"cost_minor":9', "Ласточка"):
        assert f'"{hidden}"' not in exported.text
    data = exported.json()["data"]
    assert [len(data[name]) for name in ("fuel_entries", "service_entries", "expenses", "readings")] == [0, 1, 0, 1]
    assert data["service_entries"][0]["cost_minor"] is None


async def test_old_owner_keeps_a_copy_of_the_own_time_to_read(owners: Owners) -> None:
    anna, boris, car = await lived_in(owners)
    before = {path: await owners.listed(f"{car}/{path}", anna) for path in ("service-entries", "expenses", "odometer")}
    fuel = await owners.listed(f"{car}/fuel-entries", anna)
    consumption = (await owners.get(f"{car}/consumption", anna)).json()
    window = {"from": "2023-01-01", "to": "2024-04-01"}
    analytics = (await owners.get(f"{car}/analytics", anna, **window)).json()
    await handed_over(owners, car, anna, boris, sold_on="2024-04-01")
    version = int((await owners.get(car, boris)).headers["etag"].strip('"'))
    assert (await owners.patch(car, boris, {"nickname": "Новая", "plate": "А001АА77"}, version)).status_code == 200
    await owners.created(f"{car}/expenses", boris, EXPENSE | {"expense_date": "2024-05-01"})
    await owners.created(f"{car}/fuel-entries", boris, FUEL | {"filled_on": "2024-05-02", "odometer": None})
    await owners.read(car, boris, "3500", "2024-05-03")
    await owners.deliver(
        completed(car, owner_id=str(boris.user_id), odometer={"readable": False, "value": None, "km": None})
    )

    kept = (await owners.get(car, anna)).json()
    assert (kept["my_role"], kept["nickname"], kept["plate"], kept["ended_on"]) == (
        ("former_owner", "Ласточка", None, "2024-04-01")
    )
    assert kept["purchase"]["price"]["amount_minor"] == 90_000_000
    assert [row["id"] for row in await owners.listed("/v1/cars", anna)] == [kept["id"]]
    for path, rows in before.items():
        assert await owners.listed(f"{car}/{path}", anna) == rows, path
    assert await owners.listed(f"{car}/fuel-entries", anna) == fuel
    assert (await owners.get(f"{car}/consumption", anna)).json() == consumption
    assert (await owners.get(f"{car}/analytics", anna, **window)).json() == analytics
    for wrong in await owners.rows("SELECT rebuild_monthly_cost(id) AS sums FROM car"):
        assert wrong.sums == 0
    data = (await owners.get(f"{car}/export", anna)).json()["data"]
    assert [len(data[name]) for name in ("fuel_entries", "service_entries", "expenses")] == [1, 2, 1]
    entry = f"{car}/fuel-entries/{fuel[0]['id']}"
    expense = f"{car}/expenses/{before['expenses'][-1]['id']}"
    before_refusals = await owners.checksums()
    refused = [
        await owners.created_status(f"{car}/expenses", anna, EXPENSE),
        (await owners.patch(car, anna, {"nickname": "mine"}, version)).status_code,
        (await owners.patch(entry, anna, {"note": "late"}, 1)).status_code,
        (await owners.delete(expense, anna, 1)).status_code,
        await owners.created_status(f"{car}/invitations", anna, {"role": "viewer"}),
        await owners.created_status(f"{car}/transfer", anna, {}),
        await owners.created_status(f"{car}/valuations", anna, {"valued_on": "2024-03-01", "amount": MONEY}),
    ]
    assert refused == [403] * 7
    assert await owners.checksums() == before_refusals


async def test_sale_ends_the_depreciation_at_its_price(owners: Owners) -> None:
    anna, boris, car = await lived_in(owners)
    terms = {
        "method": "straight_line",
        "residual": {"amount_minor": 10_000_000, "currency": "RUB"},
        "years_of_life": "8",
    }
    assert (await owners.client.put(f"{car}/depreciation", headers=anna.acting(), json=terms)).status_code in {200, 201}
    price = {"amount_minor": 70_000_000, "currency": "RUB"}
    await handed_over(owners, car, anna, boris, sold_on="2024-04-01", price=price)
    costs = (await owners.get(f"{car}/analytics", anna)).json()
    assert (costs["to"], costs["finances"]["value_at_end"]["amount_minor"]) == ("2024-04-01", 70_000_000)
    assert costs["finances"]["depreciation"]["amount_minor"] == 20_000_000


async def test_shares_links_and_invitations_end(owners: Owners) -> None:
    anna, boris, car = await lived_in(owners)
    vera = await owners.sign_in()
    await accepted(owners, vera, (await invited(owners, car, anna, "manager"))["token"])
    open_link = (await invited(owners, car, anna))["token"]
    await handed_over(owners, car, anna, boris)
    assert (await owners.get(car, vera)).status_code == 404
    assert (await owners.post("/v1/access-invitations/acceptance", vera, {"token": open_link})).status_code == 410
    assert await owners.listed(f"{car}/access", boris) == []
    ended = [event for event in await owners.events("owners.car") if event["type"] == "owners.access.ended"]
    assert [event["because"] for event in ended] == ["transferred"]
    told = (await owners.events("owners.car"))[-1]
    assert (told["type"], told["owner_id"], told["previous_owner_id"]) == (
        ("owners.car.transferred", str(boris.user_id), str(anna.user_id))
    )


async def test_offer_to_a_person_needs_no_link_and_is_nobody_elses(owners: Owners) -> None:
    anna, boris, car = await lived_in(owners)
    vera = await owners.sign_in()
    unknown = await owners.post(f"{car}/transfer", anna, {"recipient_id": str(boris.user_id)})
    assert (unknown.status_code, unknown.json()["type"]) == (422, "urn:carpass:problem:unknown-recipient")
    await accepted(owners, boris, (await invited(owners, car, anna, "driver"))["token"])
    offer = await offered(owners, car, anna, recipient_id=str(boris.user_id))
    assert offer["token"] is None
    [seen] = await owners.listed("/v1/car-transfers", boris)
    assert (seen["id"], seen["car"]) == (offer["id"], "Lada")
    assert await owners.listed("/v1/car-transfers", vera) == []
    body = {"transfer_id": offer["id"]}
    assert (await owners.post(ACCEPTANCE, vera, body)).status_code == 404
    assert (await owners.post(ACCEPTANCE, anna, body)).status_code == 409
    assert (await owners.post(ACCEPTANCE, boris, body)).json()["my_role"] == "owner"
    assert (await owners.get(car, anna)).json()["my_role"] == "former_owner"


async def test_one_of_many_gets_the_car(owners: Owners) -> None:
    anna, _, car = await lived_in(owners)
    people = [await owners.sign_in() for _ in range(4)]
    token = (await offered(owners, car, anna))["token"]
    answers = await asyncio.gather(*(owners.post(ACCEPTANCE, person, {"token": token}) for person in people))
    assert sorted(answer.status_code for answer in answers) == [200, 410, 410, 410]
    assert (await owners.rows("SELECT count(*) FROM former_car"))[0][0] == 1


async def test_offer_is_revocable_until_accepted_and_lapses(owners: Owners) -> None:
    anna, boris, car = await lived_in(owners)
    first = await offered(owners, car, anna)
    assert (await owners.post(f"{car}/transfer", anna, {})).json()["type"].endswith("transfer-offered")
    assert (await owners.get(f"{car}/transfer", anna)).json()["token"] is None
    assert (await owners.delete(f"{car}/transfer", anna, 1)).status_code == 204
    assert (await owners.get(f"{car}/transfer", anna)).status_code == 404
    assert (await owners.post(ACCEPTANCE, boris, {"token": first["token"]})).status_code == 410
    second = await offered(owners, car, anna)
    before = await owners.checksums()
    owners.clock.advance(timedelta(days=8))
    assert (await owners.post(ACCEPTANCE, boris, {"token": second["token"]})).status_code in {401, 410}
    assert await owners.checksums() == before


@pytest.mark.parametrize("body", [{}, {"token": "x", "transfer_id": str(uuid4())}, {"token": ""}, {"transfer_id": "1"}])
async def test_acceptance_names_one_offer(owners: Owners, body: dict[str, Any]) -> None:
    boris = await owners.sign_in()
    assert (await owners.post(ACCEPTANCE, boris, body)).status_code == 422


async def test_order_that_was_open_stays_the_old_owners_to_pay(owners: Owners) -> None:
    anna, boris, car = await lived_in(owners)
    await handed_over(owners, car, anna, boris)
    await owners.deliver(
        completed(car, owner_id=str(anna.user_id), odometer={"value": "3001", "unit": "km", "km": 3001})
    )
    assert len(await owners.listed(f"{car}/service-entries", boris)) == 2
    assert await owners.listed(f"{car}/expenses", boris) == []
    assert len([row for row in await owners.listed(f"{car}/expenses", anna) if row["category"] == "service"]) == 3
    assert (await owners.get(car, boris)).json()["odometer"]["km"] == 3001
    published = [row for row in await owners.events("owners.record") if row["type"] == "owners.expense.recorded"]
    assert published[-1]["owner_id"] == str(anna.user_id)


async def test_work_for_somebody_who_never_owned_the_car_is_the_present_owners(owners: Owners) -> None:
    anna, _, car = await lived_in(owners)
    await owners.deliver(completed(car, owner_id=str(uuid4()), odometer={"readable": False, "value": None, "km": None}))
    assert len([row for row in await owners.listed(f"{car}/expenses", anna) if row["category"] == "service"]) == 3


async def test_former_owner_with_new_access_edits_nothing_of_the_old_time(owners: Owners) -> None:
    anna, boris, car = await lived_in(owners)
    old = (await owners.listed(f"{car}/fuel-entries", anna))[0]["id"]
    await handed_over(owners, car, anna, boris)
    await accepted(owners, anna, (await invited(owners, car, boris, "driver"))["token"])
    assert (await owners.get(car, anna)).json()["my_role"] == "driver"
    assert (await owners.patch(f"{car}/fuel-entries/{old}", anna, {"note": "late"}, 1)).status_code == 403
    await owners.created(f"{car}/fuel-entries", anna, FUEL | {"filled_on": "2024-05-02"})


async def test_erasure_withdraws_offers_and_empties_the_copy_of_words(owners: Owners) -> None:
    anna, boris, car = await lived_in(owners)
    await handed_over(owners, car, anna, boris)
    other = await owners.car(anna, vin="XTA21099043576199")
    token = (await offered(owners, other, anna))["token"]
    assert (await owners.client.delete("/v1/me", headers=anna.acting(version=1))).status_code == 204
    assert (await owners.post(ACCEPTANCE, boris, {"token": token})).status_code == 410
    assert [tuple(row) for row in await owners.rows("SELECT nickname, tags FROM former_car")] == [(None, [])]
    notes = await owners.rows("SELECT note FROM expense WHERE owner_id = :id", id=UUID(str(anna.user_id)))
    assert {row.note for row in notes} == {None}


async def test_car_can_come_back(owners: Owners) -> None:
    anna, boris, car = await lived_in(owners)
    await handed_over(owners, car, anna, boris)
    await handed_over(owners, car, boris, anna)
    assert (await owners.get(car, anna)).json()["my_role"] == "owner"
    assert (await owners.get(car, boris)).json()["my_role"] == "former_owner"
    assert len(await owners.listed(f"{car}/fuel-entries", anna)) == 1
