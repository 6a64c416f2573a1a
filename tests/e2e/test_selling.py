"""Selling a car: what the buyer gets, what the seller keeps, and what the center may do no more."""

from typing import Any

from cli.client.gateway import Gateway, Person
from cli.stack.stack import Stack
from tests.e2e.playing import PATIENCE, newcomer, recast, rehearse, watch
from tests.support.eventually import eventually


async def rows(person: Person, path: str) -> list[dict[str, Any]]:
    answer = await person.get(path)
    assert answer.status == 200, answer
    found: list[dict[str, Any]] = answer.body["data"]
    return found


async def test_sold_car_takes_its_attested_life_along_and_leaves_the_rest(stack: Stack, gateway: Gateway) -> None:
    played = await rehearse(stack, gateway, recast("brakes-and-timing-belt", "Seller"))
    await watch(stack, played.cast, await played.visit())
    seller, buyer = played.cast.customer, await newcomer(stack, gateway, "buyer")
    car = f"/v1/cars/{played.prepared.car_id}"
    wash = {"expense_date": "2024-05-01", "category": "wash", "amount": {"amount_minor": 70_000, "currency": "RUB"}}
    assert (await seller.post(f"{car}/expenses", wash)).status == 201
    spent = await rows(seller, f"{car}/expenses")

    offered = (await seller.post(f"{car}/transfer", {"price": {"amount_minor": 40_000_000, "currency": "RUB"}})).body
    taken = await buyer.post("/v1/car-transfers/acceptance", {"token": offered["token"]})
    assert (taken.status, taken.body["my_role"]) == (200, "owner")

    [attested] = [row for row in await rows(buyer, f"{car}/service-entries") if row["provenance"] == "attested"]
    assert (attested["cost"], await rows(buyer, f"{car}/expenses")) == (None, [])
    assert await rows(seller, f"{car}/expenses") == spent
    assert (await seller.post(f"{car}/expenses", wash)).status == 403

    async def told() -> bool:
        links = await rows(seller, "/v1/car-links")
        inbox = await rows(seller, "/v1/notifications")
        timeline = await buyer.get(f"{car}/timeline")
        return (
            [link["status"] for link in links] == ["revoked"]
            and any(message["template"] == "car-transferred" for message in inbox)
            and timeline.status == 200
            and {"work_order_completed", "car_transferred"} <= {row["kind"] for row in timeline.body["data"]}
            and not {"expense", "fuel_entry"} & {row["kind"] for row in timeline.body["data"]}
        )

    await eventually(told, within=PATIENCE)
    assert (await seller.get(f"{car}/timeline")).status == 404
