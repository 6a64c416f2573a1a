"""A service center replaces a car's meter: the passport goes on, nothing is called a rollback, nothing falls due."""

from decimal import Decimal
from typing import Any

import pytest

from cli.client.gateway import Gateway, Person, Refused
from cli.operations.effects import check_effects
from cli.operations.installation import Installation
from cli.stack.stack import Stack
from tests.e2e.orders import Order
from tests.e2e.playing import PATIENCE, recast, rehearse, watch
from tests.support.eventually import eventually

NEW: dict[str, Any] = {"value": "12", "unit": "km"}


async def rows(person: Person, path: str) -> list[dict[str, Any]]:
    answer = await person.get(path)
    found: list[dict[str, Any]] = answer.body["data"]
    return found


async def test_replaced_meter_is_followed_from_the_order_to_the_passport_and_what_is_recommended(
    stack: Stack, gateway: Gateway
) -> None:
    played = await rehearse(stack, gateway, recast("brakes-and-timing-belt", "Meter"))
    await watch(stack, played.cast, await played.visit())
    owner, founder, car = played.cast.customer, played.cast.founder, f"/v1/cars/{played.prepared.car_id}"
    before = {row["title"]: row for row in await rows(owner, f"{car}/recommendations") if row["due_km"] is not None}
    assert before
    shown = int(Decimal(played.scenario.odometer.after.value))
    with pytest.raises(Refused, match="422"):  # an owner's word makes no replacement
        await owner.post(f"{car}/odometer", {"odometer": NEW, "meter_replacement": {}})

    order = await (await Order.opened(played)).advance("ready")
    replacement = {"removed": {"value": str(shown + 1), "unit": "km"}, "installed": {"value": "5", "unit": "km"}}
    told = NEW | {"meter_replacement": replacement | {"reason": "The dashboard was dead"}}
    await order.act(founder, "completion", {"odometer": told})
    offset = shown + 1 - 5

    async def followed() -> bool:
        readings = await rows(owner, f"{car}/odometer")
        recommended = {row["title"]: row for row in await rows(owner, f"{car}/recommendations")}
        return readings[0]["odometer"]["value"] == "12" and all(
            recommended[title]["due_km"] == row["due_km"] - offset for title, row in before.items()
        )

    await eventually(followed, within=PATIENCE)
    readings = await rows(owner, f"{car}/odometer")
    assert {row["odometer"]["verdict"] for row in readings} == {"ok"}
    assert (readings[0]["total_km"], readings[0]["meter_replacement"]["offset_km"]) == (12 + offset, offset)
    assert [row["odometer"]["km"] for row in readings if row["removed_meter"]] == [shown + 1]

    installation = Installation({name: of.owner_url for name, of in stack.databases.items()}, stack.kafka_bootstrap)

    async def whole() -> bool:
        report = await check_effects(installation)
        return next(one for one in report.orders if str(one.work_order_id) == order.id).whole

    await eventually(whole, within=PATIENCE, every=0.2)
    recommended = {row["title"]: row for row in await rows(owner, f"{car}/recommendations")}
    assert {title: recommended[title]["status"] for title in before} == {
        title: row["status"] for title, row in before.items()
    }

    following = await (await Order.opened(played)).advance("ready")
    with pytest.raises(Refused, match="422"):  # the old meter's value is a slip now
        await following.act(founder, "completion", {"odometer": {"value": str(shown + 2), "unit": "km"}})
    await following.act(founder, "completion", {"odometer": {"value": "13", "unit": "km"}})
    assert following.status == "completed"
