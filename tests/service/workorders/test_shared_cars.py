"""Orders of a car that its owner shares: who reads them, who answers estimates, and when that is over."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from contracts.owners import CarTransferred, UserErased
from tests.service.workorders.garage import READING, SHARING, Garage
from tests.support.golden import golden

PARTS = ("", "/history", "/estimates", "/estimates/1")


@pytest.fixture
async def waiting(garage: Garage) -> str:
    """The path of an order whose estimate waits for an answer."""
    order = await garage.open()
    await garage.job(order)
    await garage.done(order, "estimate")
    return order


async def _reads(garage: Garage, order: str, name: str) -> bool:
    """Whether this person reads the order and finds it in the list; every way says the same."""
    found = {(await garage.get(order + part, name)).status_code for part in PARTS}
    listed = (await garage.get("/v1/work-orders", name)).json()["data"]
    assert found in ({200}, {404})
    assert bool(listed) == (found == {200})
    return found == {200}


async def _answers(garage: Garage, order: str, name: str) -> int:
    return (await garage.act(order, "approval", name, await garage.decisions(order))).status_code


async def test_a_manager_of_the_car_approves_and_stands_in_every_record_of_it(garage: Garage, waiting: str) -> None:
    await garage.answer(waiting, role="car_manager")
    spouse = str(garage.people["car_manager"].user_id)
    [job] = (await garage.order(waiting))["jobs"]
    assert (job["authorisation"]["decided_by"], job["authorisation"]["role"]) == (spouse, "car_manager")
    [*_, change] = (await garage.get(f"{waiting}/history")).json()["data"]
    assert (change["to_status"], change["actor_id"], change["role"]) == ("approved", spouse, "car_manager")
    [*_, event] = await garage.events()
    assert (event["type"], event["actor"]) == ("estimate-decided", {"user_id": spouse, "role": "car_manager"})
    for step, body in (("start", None), ("ready", None), ("completion", READING)):
        await garage.done(waiting, step, "manager", body)
    snapshot = (await garage.get(f"{waiting}/snapshot", "car_viewer")).json()["snapshot"]
    authorisation = snapshot["jobs"][0]["authorisation"]
    assert (authorisation["decided_by"], authorisation["role"]) == (spouse, "car_manager")
    assert snapshot["owner_id"] == str(garage.people["car_owner"].user_id)


async def test_a_manager_of_the_car_declines(garage: Garage, waiting: str) -> None:
    assert (await garage.answer(waiting, "decline", role="car_manager"))["status"] == "declined"


@pytest.mark.parametrize("name", SHARING)
async def test_what_the_role_does_not_allow_changes_nothing(garage: Garage, waiting: str, name: str) -> None:
    job = (await garage.order(waiting))["jobs"][0]["id"]
    version = await garage.version(waiting)
    attempts: list[tuple[str, str, Any]] = [
        ("POST", "/jobs", {"title": "Мойка"}),
        ("PATCH", f"/jobs/{job}", {"title": "Другое"}),
        ("DELETE", f"/jobs/{job}", None),
        ("POST", "/withdrawal", None),
        ("POST", "/start", None),
        ("POST", "/cancellation", {"reason": "Передумал"}),
        ("POST", "/completion", READING),
    ]
    if name != "car_manager":
        attempts.append(("POST", "/approval", await garage.decisions(waiting)))
    before = await garage.checksums()
    for method, path, body in attempts:
        answer = await garage.send(method, waiting + path, name, body, version=version)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:carpass:problem:role-forbids"), path
    assert await garage.checksums() == before


@pytest.mark.parametrize("name", SHARING)
@pytest.mark.parametrize("because", ["revoked", "left", "expired", "erased", "transferred"])
async def test_access_that_ended_opens_nothing(garage: Garage, waiting: str, name: str, because: str) -> None:
    assert await _reads(garage, waiting, name)
    await garage.deliver(garage.unshared(name, because))
    before = await garage.checksums()
    assert not await _reads(garage, waiting, name)
    assert await _answers(garage, waiting, name) == 404
    assert await garage.checksums() == before


async def test_access_counts_until_its_time_is_over_whether_or_not_an_event_says_so(
    garage: Garage, waiting: str
) -> None:
    now = datetime.now(UTC)  # the database's clock
    for sequence, expires_at in ((2, now - timedelta(seconds=1)), (4, now - timedelta(hours=1))):
        await garage.deliver(garage.shared_anew("car_manager", sequence=sequence, expires_at=expires_at))
        assert not await _reads(garage, waiting, "car_manager")
        assert await _answers(garage, waiting, "car_manager") == 404
        longer = garage.shared_anew("car_manager", sequence=sequence + 1, expires_at=now + timedelta(hours=1))
        await garage.deliver(longer)
        assert await _reads(garage, waiting, "car_manager")
    assert await _answers(garage, waiting, "car_manager") == 200


async def test_a_manager_who_becomes_a_driver_answers_no_more(garage: Garage, waiting: str) -> None:
    await garage.deliver(garage.shared_anew("car_manager", role="driver"))
    assert await _reads(garage, waiting, "car_manager")
    assert await _answers(garage, waiting, "car_manager") == 403
    assert (await garage.order(waiting))["status"] == "awaiting_approval"


async def test_an_order_that_is_open_at_a_transfer_stays_with_the_old_owner_alone(garage: Garage, waiting: str) -> None:
    buyer, seller = garage.people["stranger"], garage.people["car_owner"]
    sold = {**garage.car(owner_id=buyer.user_id, sequence=2).model_dump(), "transfer_id": uuid4()}
    await garage.deliver(
        *(garage.unshared(name, "transferred") for name in SHARING),
        CarTransferred.model_validate({**sold, "previous_owner_id": seller.user_id}),
        garage.shared("car_manager", grant_id=uuid4(), owner_id=buyer.user_id),  # the buyer trusts the same person
    )
    for name in ("stranger", *SHARING):
        assert not await _reads(garage, waiting, name), name
        assert await _answers(garage, waiting, name) == 404
    assert await _answers(garage, waiting, "car_owner") == 200


@pytest.mark.parametrize("erased", ["car_manager", "car_owner"])
async def test_who_is_erased_shares_nothing_any_more(garage: Garage, waiting: str, erased: str) -> None:
    await garage.deliver(golden(UserErased, "erased", user_id=garage.people[erased].user_id))
    assert not await _reads(garage, waiting, "car_manager")
    assert await _reads(garage, waiting, "car_viewer") is (erased == "car_manager")
    await garage.deliver(garage.shared_anew("car_manager", role="manager", sequence=7))
    assert await _answers(garage, waiting, "car_manager") == 404


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
async def test_access_events_in_any_order_and_twice_end_alike(empty_garage: Garage, order: tuple[int, ...]) -> None:
    garage = empty_garage
    told = [
        garage.shared("car_viewer"),
        garage.shared_anew("car_viewer", role="manager"),
        garage.unshared("car_viewer", sequence=3).model_copy(update={"role": "manager"}),
    ]
    for place in order:
        await garage.deliver(told[place])
        await garage.deliver(told[place])
    [row] = await garage.rows("SELECT role, ended, sequence FROM car_access")
    assert tuple(row) == ("manager", True, 3)


async def test_an_order_is_a_related_partys_when_somebody_of_the_center_shares_the_car(garage: Garage) -> None:
    assert not (await garage.order(await garage.open()))["related_party"]
    order = await garage.ready()
    await garage.deliver(garage.shared("mechanic"))
    assert (await garage.order(await garage.open()))["related_party"]
    assert not (await garage.order(order))["related_party"]
    assert (await garage.done(order, "completion", "manager", READING))["related_party"]
    [*_, event] = await garage.events()
    assert (event["type"], event["snapshot"]["related_party"]) == ("completed", True)


@pytest.mark.parametrize("apart", ["ended", "expired", "another owner", "left the center"])
async def test_who_has_no_part_in_the_car_or_the_center_makes_no_related_party(garage: Garage, apart: str) -> None:
    match apart:
        case "ended":
            await garage.deliver(garage.shared("mechanic"), garage.unshared("mechanic"))
        case "expired":
            await garage.deliver(garage.shared("mechanic", expires_at=datetime.now(UTC) - timedelta(seconds=1)))
        case "another owner":
            await garage.deliver(garage.shared("mechanic", owner_id=uuid4()))
        case _:
            await garage.deliver(garage.shared("mechanic"), garage.left("mechanic"))
    order = await garage.completed()
    assert not (await garage.order(order))["related_party"]
