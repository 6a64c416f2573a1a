"""Two owners type one VIN, two centers complete work on their cars, and a moderator decides whose the number is."""

from typing import Any

import pytest

from cli.client.gateway import Gateway, Person, Refused
from cli.stack.stack import Stack
from tests.e2e.playing import PATIENCE, Rehearsed, newcomer, recast, rehearse, watch
from tests.support.eventually import eventually

QUEUE = "/v1/moderation/identities"


async def serviced(stack: Stack, gateway: Gateway, surname: str, vin: str | None = None) -> Rehearsed:
    """A car with a completed order, with this VIN or with one of its own."""
    scenario = recast("brakes-and-timing-belt", surname)
    if vin is not None:
        scenario = scenario.model_copy(update={"car": scenario.car | {"vin": vin}})
    played = await rehearse(stack, gateway, scenario)
    await watch(stack, played.cast, await played.visit())
    return played


async def car_of(played: Rehearsed) -> dict[str, Any]:
    found: dict[str, Any] = (await played.cast.customer.get(f"/v1/cars/{played.prepared.car_id}")).body
    return found


async def told(person: Person) -> list[str]:
    """The texts about an identity in this person's inbox."""
    inbox = (await person.get("/v1/notifications")).body["data"]
    return [message["title"] for message in inbox if message["template"] == "car-identity-decided"]


async def test_moderator_gives_the_number_to_one_of_two_cars(stack: Stack, gateway: Gateway) -> None:
    first = await serviced(stack, gateway, "First")
    vin = (await car_of(first))["vin"]
    rival = await serviced(stack, gateway, "Rival", vin)
    assert ((await car_of(first))["identity"], (await car_of(rival))["identity"]) == ("confirmed", "disputed")

    moderator, case = first.cast.moderator, f"{QUEUE}/{rival.prepared.car_id}"
    stranger = await newcomer(stack, gateway, "Stranger")
    for person in (stranger, first.cast.customer, rival.cast.customer):
        with pytest.raises(Refused, match="403"):
            await person.get(case)
    queued = (await moderator.get(QUEUE)).body["data"]
    assert rival.prepared.car_id in {waiting["car_id"] for waiting in queued}
    seen = await moderator.get(case)
    assert [claim["car_id"] for claim in seen.body["rivals"]] == [first.prepared.car_id]
    assert (seen.body["claim"]["attested_work_orders"], seen.body["claim"]["attesting_centers"]) == (1, 1)

    assert seen.body["rival_id"] == first.prepared.car_id
    ruling = {
        "decision": "confirm",
        "rival_id": seen.body["rival_id"],
        "reason": "The registration certificate agrees.",
    }
    decided = await moderator.post(f"{case}/decision", ruling, etag=seen.etag)
    assert decided.body["claim"]["identity"] == "confirmed"
    assert ((await car_of(first))["identity"], (await car_of(rival))["identity"]) == ("rejected", "confirmed")

    async def heard() -> bool:
        kinds = {
            row["kind"]: row["details"]
            for row in (await first.cast.customer.get(f"/v1/cars/{first.prepared.car_id}/timeline")).body["data"]
        }
        return bool(
            await told(first.cast.customer)
            and await told(rival.cast.customer)
            and kinds.get("identity_decided") == {"outcome": "rejected"}
        )

    await eventually(heard, within=PATIENCE)
    mine, theirs = await told(first.cast.customer), await told(rival.cast.customer)
    assert len(mine) == len(theirs) == 1
    assert mine != theirs
