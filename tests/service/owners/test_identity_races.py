"""Decisions about an identity while other things happen to the same cars."""

import asyncio

from tests.service.owners.conftest import VIN, Owners, completed
from tests.service.owners.test_identity_decisions import (
    CONFIRM,
    QUEUE,
    REJECT,
    decide,
    disputed,
    id_of,
    look,
    named,
    status,
    whole,
)
from tests.service.owners.test_transfer import handed_over

MOVED = "urn:carpass:problem:identity-moved"


async def test_of_moderators_who_decide_about_one_car_at_once_one_is_heard(owners: Owners) -> None:
    _, _, _, rival = await disputed(owners)
    moderators = [await named(owners) for _ in range(4)]
    seen = await look(owners, rival)
    answers = await asyncio.gather(
        *(
            decide(owners, rival, moderator, body, seen=seen)
            for moderator, body in zip(moderators, (CONFIRM, REJECT, CONFIRM, REJECT), strict=True)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    await whole(owners)


async def test_of_rivals_that_are_confirmed_at_once_one_gets_the_identity(owners: Owners) -> None:
    anna = await owners.sign_in()
    cars = [await owners.car(anna) for _ in range(5)]
    for car in cars:
        await owners.deliver(completed(car))
    moderators = [await named(owners) for _ in range(4)]
    seen = [await look(owners, car) for car in cars[1:]]
    answers = await asyncio.gather(
        *(
            decide(owners, car, moderator, CONFIRM, seen=before)
            for car, moderator, before in zip(cars[1:], moderators, seen, strict=True)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert {answer.json()["type"] for answer in answers if answer.status_code == 409} == {MOVED}
    states = sorted(car["identity"] for car in await owners.listed("/v1/cars", anna))
    assert states == ["confirmed", "disputed", "disputed", "disputed", "rejected"]
    await whole(owners)


async def test_decision_about_what_another_moderator_has_moved_since_is_refused(owners: Owners) -> None:
    anna, first, second = await owners.sign_in(), await named(owners), await named(owners)
    cars = [await owners.car(anna) for _ in range(3)]
    for car in cars:
        await owners.deliver(completed(car))
    seen = await look(owners, cars[2])
    assert (await decide(owners, cars[1], first, CONFIRM)).status_code == 200
    before = await owners.checksums()
    for body in (CONFIRM, REJECT):
        late = await decide(owners, cars[2], second, body, seen=seen)
        assert (late.status_code, late.json()["type"]) == (409, MOVED)
    assert await owners.checksums() == before
    assert (await decide(owners, cars[2], second, CONFIRM)).status_code == 200
    await whole(owners)


async def test_orders_that_attest_the_number_meanwhile_neither_deadlock_nor_double_it(owners: Owners) -> None:
    anna, moderator = await owners.sign_in(), await named(owners)
    for turn in range(6):
        vin = f"XTA2109904357{6200 + turn}"
        cars = [await owners.car(anna, vin=vin) for _ in range(4)]
        orders = [completed(car, car={"vin": vin}) for car in cars]
        if turn % 2:
            await owners.deliver(orders[0])
            await owners.deliver(orders[1])
        await asyncio.gather(
            owners.deliver(*orders),
            owners.deliver(*reversed(orders)),
            decide(owners, cars[1], moderator, CONFIRM),
            decide(owners, cars[3], moderator, CONFIRM),
        )
        states = await owners.rows("SELECT identity_confirmed FROM car WHERE vin = :vin", vin=vin)
        assert sum(row.identity_confirmed for row in states) == 1
        await whole(owners)


async def test_replay_of_all_completions_after_a_decision_changes_nothing(owners: Owners) -> None:
    _, _, _, rival = await disputed(owners)
    moderator = await named(owners)
    await decide(owners, rival, moderator, CONFIRM)
    before = await owners.checksums()
    await owners.execute("TRUNCATE inbox")
    delivered = list(owners.delivered)
    await owners.deliver(*delivered)
    await owners.deliver(*reversed(delivered))
    assert await owners.checksums() == before


async def test_disputed_car_can_be_archived_handed_over_and_outlive_its_owner(owners: Owners) -> None:
    anna, boris, first, rival = await disputed(owners)
    vera, moderator = await owners.sign_in(), await named(owners)
    await handed_over(owners, rival, boris, vera)
    assert (await owners.post(f"{rival}/archive", vera, {})).json()["identity"] == "disputed"
    assert (await owners.client.delete("/v1/me", headers=anna.acting(version=1))).status_code == 204
    [case] = await owners.listed(QUEUE, moderator)
    assert case["claim"]["archived_at"] is not None
    assert (await decide(owners, rival, moderator, CONFIRM)).status_code == 200
    assert await status(owners, rival, vera) == "confirmed"
    assert await status(owners, rival, boris) == "disputed"  # the copy of the own time
    [loser] = await owners.rows("SELECT rejected_number FROM car WHERE id = :id", id=id_of(first))
    assert loser.rejected_number == VIN
    await whole(owners)


async def test_transfer_and_decision_at_once_leave_one_whole_state(owners: Owners) -> None:
    _, boris, _, rival = await disputed(owners)
    vera, moderator = await owners.sign_in(), await named(owners)
    _, answer = await asyncio.gather(handed_over(owners, rival, boris, vera), decide(owners, rival, moderator, CONFIRM))
    assert answer.status_code in {200, 412}
    assert await status(owners, rival, vera) == ("confirmed" if answer.status_code == 200 else "disputed")
    await whole(owners)
