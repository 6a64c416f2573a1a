"""Amendments in whatever order they come, and who may write them."""

import random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from contracts.workorders import WorkOrderCompleted
from tests.service.owners.amending import corrected, read_as
from tests.service.owners.conftest import Owners, completed
from tests.service.owners.test_amendments import attested
from tests.service.owners.test_database_roles import refusal
from tests.service.owners.test_monthly_cost import DIFFERENCE

CORRECTIONS = ("total-lowered", "part-corrected", "odometer-digits-swapped", "odometer-digits-swapped", "wrong-car")


def some_corrections(order: WorkOrderCompleted, dice: random.Random) -> list[Any]:
    made = []
    for revision in range(2, 2 + dice.randint(1, 4)):
        example = dice.choices(CORRECTIONS, weights=(3, 3, 3, 3, 1))[0]
        more: dict[str, Any] = {}
        if example.startswith("odometer"):
            more = {"odometer": read_as(dice.randint(90_000, 200_000))}
        elif example != "wrong-car":
            more = {"total": dice.randint(0, 10**7)}
        made.append(corrected(order, example, revision, **more))
    return made


FACTS = """
    SELECT r.km, r.observed_on, r.verdict, r.revision FROM odometer_reading r WHERE r.car_id = :car ORDER BY 1, 2, 3, 4
"""
SUMS = "SELECT month, category, currency, amount_minor, entries FROM monthly_cost WHERE car_id = :car ORDER BY 1, 2, 3"


@pytest.mark.parametrize("seed", range(4))
async def test_verdicts_and_sums_do_not_depend_on_the_order_of_completions_amendments_and_entries(
    owners: Owners, seed: int
) -> None:
    dice = random.Random(seed)  # noqa: S311
    anna = await owners.sign_in()
    found = []
    readings = [dice.randint(90_000, 200_000) for _ in range(4)]
    totals = [dice.randint(0, 10**7) for _ in range(3)]
    fates = dice.getrandbits(64)
    for _ in range(3):
        car = await owners.car(anna)
        fate = random.Random(fates)  # noqa: S311 -- the same corrections for each car
        orders = [
            completed(
                car,
                odometer=read_as(150_000 + 100 * place) | {"measured_at": f"2024-03-1{place}T10:00:00Z"},
                totals={"total_minor": total},
            )
            for place, total in enumerate(totals)
        ]
        steps = [(order, some_corrections(order, fate)) for order in orders]
        first = dice.randint(0, 4)
        for place, value in enumerate(readings[:first]):
            await owners.read(car, anna, str(value), f"2024-04-0{place + 1}")
        for order, corrections in dice.sample(steps, len(steps)):
            await owners.deliver(order)
            for one in dice.sample(corrections, len(corrections)):
                await owners.deliver(one)
                assert await owners.rows(DIFFERENCE) == []
        for place, value in enumerate(readings[first:], start=first):
            await owners.read(car, anna, str(value), f"2024-04-0{place + 1}")
        car_id = UUID(car.rpartition("/")[2])
        found.append([await owners.rows(query, car=car_id) for query in (FACTS, SUMS)])
        [rebuilt] = await owners.rows(f"SELECT rebuild_monthly_cost('{car_id}') AS wrong")
        assert rebuilt.wrong == 0
    assert found[0] == found[1] == found[2]
    assert len(found[0][0]) > len(readings)


@pytest.mark.parametrize("role", ["owner", "api", "worker"])
async def test_nobody_changes_or_removes_an_amendment(owners: Owners, role: str) -> None:
    anna, _, order = await attested(owners)
    await owners.deliver(corrected(order, "total-lowered"))
    before = await owners.checksums()
    for statement in (
        "UPDATE amendment SET reason = 'x'",
        "UPDATE amendment SET cost_minor = 0",
        "DELETE FROM amendment",
        "TRUNCATE amendment",
    ):
        assert await refusal(getattr(owners, role), statement, anna) in {"CP001", "42501"}, statement
    assert await owners.checksums() == before


async def test_api_cannot_amend_and_a_stranger_sees_nothing(owners: Owners) -> None:
    _, _, order = await attested(owners)
    boris = await owners.sign_in()
    await owners.deliver(corrected(order, "total-lowered"))
    assert await refusal(owners.api, "INSERT INTO amendment SELECT * FROM amendment", boris) == "42501"
    for person in (boris.user_id, None):
        async with owners.api.transaction(user_id=person) as tx:
            assert (await tx.execute(text("SELECT 1 FROM amendment"))).all() == []
