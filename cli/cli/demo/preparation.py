"""Before the visit: an approved center with its staff, a car, and the owner's consent to the link between them."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cli.demo.cast import Cast
from cli.demo.narrator import Narrator
from cli.demo.operator import Operator
from cli.demo.scenario import Scenario
from cli.demo.telegram import TelegramDouble
from cli.errors import StackError

_LINKING_DEADLINE = 30.0
_POLL = 0.05


@dataclass(frozen=True)
class Prepared:
    """What the visit needs to know."""

    center_id: str
    car_id: str


async def prepare(scenario: Scenario, cast: Cast, operator: Operator, narrator: Narrator) -> Prepared:
    """Everything up to an approved link."""
    center_id = await _approved_center(scenario, cast, operator, narrator)
    await _staff(scenario, cast, center_id, narrator)
    car_id = await _car(scenario, cast, narrator)
    if operator.telegram_url is not None:
        await _telegram(cast, TelegramDouble(operator.telegram_url), narrator)
    await _link(cast, center_id, car_id, narrator)
    return Prepared(center_id, car_id)


async def _approved_center(scenario: Scenario, cast: Cast, operator: Operator, narrator: Narrator) -> str:
    center = (await cast.founder.post("/v1/service-centers", scenario.center)).body
    narrator.step(f"{cast.founder.telegram.first_name} registers the service center {center['name']}")
    # The document itself stays with the center: only its fingerprint is sent.
    document = {
        "name": "lease.pdf",
        "media_type": "application/pdf",
        "sha256": hashlib.sha256(center["id"].encode()).hexdigest(),
    }
    applied = await cast.founder.post(f"/v1/service-centers/{center['id']}/verification", {"documents": [document]})
    application = applied.body["applications"][0]["id"]
    await asyncio.to_thread(operator.add_moderator, cast.moderator.user_id)
    await cast.moderator.post(f"/v1/moderation/verifications/{application}/review")
    ruling = {"decision": "approve"}
    await cast.moderator.post(f"/v1/moderation/verifications/{application}/decision", ruling)
    narrator.step("a moderator reviews and approves the center")
    center_id: str = center["id"]
    return center_id


async def _staff(scenario: Scenario, cast: Cast, center_id: str, narrator: Narrator) -> None:
    for employee in scenario.staff:
        person = cast.staff[employee.name]
        if person is cast.founder:
            continue
        invited = await cast.founder.post(f"/v1/service-centers/{center_id}/invitations", {"role": employee.role})
        await person.post("/v1/invitations/acceptance", {"token": invited.body["token"]})
        narrator.step(f"{employee.name} joins as {employee.role}")


async def _car(scenario: Scenario, cast: Cast, narrator: Narrator) -> str:
    car = (await cast.customer.post("/v1/cars", scenario.car)).body
    car_id: str = car["id"]
    before = scenario.odometer.before
    noted_on = datetime.now(UTC).date() - timedelta(days=before.days_ago)
    reading = {"value": before.value, "unit": before.unit}
    await cast.customer.post(f"/v1/cars/{car_id}/odometer", {"odometer": reading, "observed_on": noted_on.isoformat()})
    name = " ".join(str(car[part]) for part in ("make", "model", "plate") if car.get(part))
    narrator.step(
        f"{cast.customer.telegram.first_name} adds a {name} at {before.value} {before.unit}, {before.days_ago} days ago"
    )
    return car_id


async def _telegram(cast: Cast, double: TelegramDouble, narrator: Narrator) -> None:
    customer = cast.customer
    if (await customer.get("/v1/telegram/link")).body["state"] == "linked":
        return
    deep_link = (await customer.post("/v1/telegram/link")).body["deep_link"]
    await double.open_link(customer, deep_link)
    give_up_at = asyncio.get_running_loop().time() + _LINKING_DEADLINE
    while (await customer.get("/v1/telegram/link")).body["state"] != "linked":
        if asyncio.get_running_loop().time() > give_up_at:
            raise StackError("The bot did not link the customer's chat; see ./carpass logs notifier.")
        await asyncio.sleep(_POLL)
    narrator.step(f"{customer.telegram.first_name} opens the bot, which links the chat")


async def _link(cast: Cast, center_id: str, car_id: str, narrator: Narrator) -> None:
    scopes = ["odometer", "history_read", "create_visit"]
    wanted = {"center_id": center_id, "car_id": car_id, "scopes": scopes}
    link = (await cast.office.post("/v1/car-links", wanted)).body
    await cast.customer.post(f"/v1/car-links/{link['id']}/approval", {})
    narrator.step(f"{cast.office.telegram.first_name} asks for access to the car, the owner approves")
