"""A car that is shared: what its owner's people may do in every service, and that it ends when the owner says so."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cli.client.gateway import Gateway, Person, Refused
from cli.stack.stack import Stack
from tests.e2e.orders import Order
from tests.e2e.playing import PATIENCE, Rehearsed, newcomer, recast, rehearse
from tests.support.eventually import eventually


@pytest.fixture(scope="module")
async def played(stack: Stack, gateway: Gateway) -> Rehearsed:
    return await rehearse(stack, gateway, recast("brakes-and-timing-belt", "Sharing"))


async def share(owner: Person, car_id: str, person: Person, role: str, until: datetime | None = None) -> Any:
    """The access, as soon as the person has taken it up."""
    wanted = {"role": role, "access_until": None if until is None else until.isoformat()}
    token = (await owner.post(f"/v1/cars/{car_id}/invitations", wanted)).body["token"]
    return (await person.post("/v1/access-invitations/acceptance", {"token": token})).body


async def revoke(owner: Person, car_id: str, grant: Any) -> None:
    headers = {"Authorization": f"Bearer {owner.access_token}", "If-Match": '"1"'}
    await owner.gateway.call("DELETE", f"/v1/cars/{car_id}/access/{grant['id']}", headers=headers)


async def status(person: Person, path: str) -> int:
    try:
        await person.get(path)
    except Refused as refused:
        return refused.status
    return 200


async def sees(person: Person, paths: list[str], expected: int) -> bool:
    return {await status(person, path) for path in paths} == {expected}


async def test_spouse_approves_as_soon_as_she_has_access_and_nothing_once_it_is_revoked(
    stack: Stack, gateway: Gateway, played: Rehearsed
) -> None:
    owner, spouse, car = played.cast.customer, await newcomer(stack, gateway, "Spouse"), played.prepared.car_id
    order = await (await Order.opened(played)).advance("awaiting_approval")
    another = await (await Order.opened(played)).advance("awaiting_approval")
    link = (await owner.get("/v1/car-links")).body["data"][0]["id"]

    grant = await share(owner, car, spouse, "manager")
    approved = await order.act(spouse, "approval", order.answer("authorise"))  # at once: its event is on its way
    assert approved.body["status"] == "approved"
    authorised = approved.body["jobs"][0]["authorisation"]
    assert (authorised["decided_by"], authorised["role"]) == (await spouse.whoami(), "car_manager")
    with pytest.raises(Refused, match="403"):
        await order.act(spouse, "cancellation", {"reason": "Not hers to cancel"})

    paths = [order.path, f"/v1/car-links/{link}", f"/v1/cars/{car}/timeline", f"/v1/cars/{car}/score"]
    await eventually(lambda: sees(spouse, paths, 200), within=PATIENCE)
    await revoke(owner, car, grant)
    await eventually(lambda: sees(spouse, paths, 404), within=PATIENCE)
    for path, body in (
        (f"{another.path}/approval", another.answer("authorise")),
        (f"/v1/car-links/{link}/revocation", None),
    ):
        with pytest.raises(Refused, match="404"):
            await spouse.post(path, body, etag=another.last.etag)
    assert (await owner.get(another.path)).body["status"] == "awaiting_approval"
    assert (await owner.get(f"/v1/car-links/{link}")).body["status"] == "approved"


async def test_driver_reads_everywhere_and_decides_nowhere(stack: Stack, gateway: Gateway, played: Rehearsed) -> None:
    owner, driver, car = played.cast.customer, await newcomer(stack, gateway, "Driver"), played.prepared.car_id
    order = await (await Order.opened(played)).advance("awaiting_approval")
    link = (await owner.get("/v1/car-links")).body["data"][0]["id"]
    await share(owner, car, driver, "driver")
    paths = [order.path, f"/v1/car-links/{link}", f"/v1/cars/{car}/timeline", f"/v1/cars/{car}/recommendations"]
    await eventually(lambda: sees(driver, paths, 200), within=PATIENCE)
    for path, body in (
        (f"{order.path}/approval", order.answer("authorise")),
        (f"/v1/car-links/{link}/revocation", None),
    ):
        with pytest.raises(Refused, match="403"):
            await driver.post(path, body, etag=order.last.etag)
    assert (await owner.get(order.path)).etag == order.last.etag


async def test_access_with_an_end_is_over_at_its_time(stack: Stack, gateway: Gateway, played: Rehearsed) -> None:
    owner, guest, car = played.cast.customer, await newcomer(stack, gateway, "Guest"), played.prepared.car_id
    order = await Order.opened(played)
    await share(owner, car, guest, "viewer", until=datetime.now(UTC) + timedelta(seconds=20))
    paths = [order.path, f"/v1/cars/{car}/timeline"]
    await eventually(lambda: sees(guest, paths, 200), within=PATIENCE)
    await eventually(lambda: sees(guest, paths, 404), within=PATIENCE)


async def test_manager_of_the_car_takes_a_centers_access_back(stack: Stack, gateway: Gateway) -> None:
    played = await rehearse(stack, gateway, recast("brakes-and-timing-belt", "Unlinking"))
    owner, spouse, car = played.cast.customer, await newcomer(stack, gateway, "Second"), played.prepared.car_id
    link = (await owner.get("/v1/car-links")).body["data"][0]["id"]
    await share(owner, car, spouse, "manager")
    assert (await spouse.post(f"/v1/car-links/{link}/revocation")).body["status"] == "revoked"
    assert (await owner.get(f"/v1/car-links/{link}")).body["status"] == "revoked"
