"""Selling a car: what the buyer gets, what the seller keeps, and what the center may do no more."""

from typing import Any

import pytest

from cli.client.gateway import Gateway, Person, Refused
from cli.stack.stack import Stack
from tests.e2e.playing import PATIENCE, newcomer, recast, rehearse, watch
from tests.support.eventually import eventually


async def rows(person: Person, path: str) -> list[dict[str, Any]]:
    answer = await person.get(path)
    found: list[dict[str, Any]] = answer.body["data"]
    return found


async def owns_it(person: Person, car: str) -> bool:
    """Whether trust knows it already."""
    try:
        await person.get(f"{car}/timeline")
    except Refused:
        return False
    return True


async def bought_something(person: Person, car: str) -> bool:
    """Whether trust knows what the person paid for the car."""
    return "expense" in {row["kind"] for row in await rows(person, f"{car}/timeline")}


async def test_sold_car_takes_its_attested_life_along_and_leaves_the_rest(stack: Stack, gateway: Gateway) -> None:
    played = await rehearse(stack, gateway, recast("brakes-and-timing-belt", "Seller"))
    await watch(stack, played.cast, await played.visit())
    seller, buyer = played.cast.customer, await newcomer(stack, gateway, "buyer")
    car = f"/v1/cars/{played.prepared.car_id}"
    wash = {"expense_date": "2024-05-01", "category": "wash", "amount": {"amount_minor": 70_000, "currency": "RUB"}}
    await seller.post(f"{car}/expenses", wash)
    spent = await rows(seller, f"{car}/expenses")

    offered = (await seller.post(f"{car}/transfer", {"price": {"amount_minor": 40_000_000, "currency": "RUB"}})).body
    taken = await buyer.post("/v1/car-transfers/acceptance", {"token": offered["token"]})
    assert taken.body["my_role"] == "owner"

    [attested] = [row for row in await rows(buyer, f"{car}/service-entries") if row["provenance"] == "attested"]
    assert (attested["cost"], await rows(buyer, f"{car}/expenses")) == (None, [])
    assert await rows(seller, f"{car}/expenses") == spent
    with pytest.raises(Refused, match="403"):
        await seller.post(f"{car}/expenses", wash)

    async def told() -> bool:
        if not await owns_it(buyer, car):
            return False
        links = await rows(seller, "/v1/car-links")
        inbox = await rows(seller, "/v1/notifications")
        kinds = {row["kind"] for row in await rows(buyer, f"{car}/timeline")}
        return (
            [link["status"] for link in links] == ["revoked"]
            and any(message["template"] == "car-transferred" for message in inbox)
            and {"work_order_completed", "car_transferred"} <= kinds
            and not {"expense", "fuel_entry"} & kinds
        )

    await eventually(told, within=PATIENCE)
    await buyer.post(f"{car}/expenses", wash)
    await eventually(lambda: bought_something(buyer, car), within=PATIENCE)
    kept = await rows(seller, f"{car}/timeline")
    [sold_at] = [row["occurred_at"] for row in kept if row["kind"] == "car_transferred"]
    assert max(row["occurred_at"] for row in kept) == sold_at
    washes = [row for row in kept if row["kind"] == "expense" and row["details"]["category"] == "wash"]
    assert len(washes) == 1
    with pytest.raises(Refused, match="404"):
        await seller.get(f"{car}/score")
