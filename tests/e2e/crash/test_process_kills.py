"""Each process of the main job, killed at each boundary that it passes."""

import asyncio

import pytest

from tests.e2e.crash.wholeness import Wholeness
from tests.e2e.crash.workshop import Workshop
from tests.e2e.faults import Faults

pytestmark = pytest.mark.crash

API = "workorders-api"
RELAYS = ("workorders-relay", "owners-relay", "trust-relay")
"""In the order in which a completion and what becomes of it pass them."""
CONSUMERS = ("owners-worker", "trust-worker", "notifier-worker")
REPLAYED = "Idempotency-Replayed"


async def test_an_api_killed_before_its_commit_leaves_nothing_and_completes_when_asked_again(
    workshop: Workshop, faults: Faults, wholeness: Wholeness
) -> None:
    orders = await workshop.ready_orders(4)
    await faults.kill_at(API, "before-commit")
    completing = [asyncio.create_task(order.complete()) for order in orders]
    await faults.killed(API)
    await faults.restart(API)
    answers = await asyncio.gather(*completing)
    assert {answer.body["status"] for answer in answers} == {"completed"}
    await wholeness.check(orders)


async def test_an_api_killed_after_its_commit_replays_the_answer_that_nobody_got(
    workshop: Workshop, faults: Faults, wholeness: Wholeness
) -> None:
    orders = await workshop.ready_orders(4)
    await faults.kill_at(API, "after-commit")
    completing = [asyncio.create_task(order.complete()) for order in orders]
    await faults.killed(API)
    await faults.restart(API)
    answers = await asyncio.gather(*completing)
    assert any(REPLAYED in answer.headers for answer in answers)
    again = await asyncio.gather(*(order.complete() for order in orders))
    assert all(REPLAYED in answer.headers for answer in again)
    assert [answer.body for answer in again] == [answer.body for answer in answers]
    await wholeness.check(orders)


@pytest.mark.parametrize("boundary", ["after-send", "after-ack"])
async def test_relays_killed_between_sending_and_deleting_lose_and_reorder_nothing(
    boundary: str, workshop: Workshop, faults: Faults, wholeness: Wholeness
) -> None:
    orders = await workshop.ready_orders(4)
    await wholeness.at_rest()
    for relay in RELAYS:
        await faults.kill_at(relay, boundary)
    await asyncio.gather(*(order.complete() for order in orders))
    for relay in RELAYS:
        await faults.killed(relay)
        await faults.restart(relay)
    await wholeness.check(orders)


@pytest.mark.parametrize("boundary", ["before-consumer-commit", "after-consumer-commit", "before-offset-commit"])
async def test_workers_killed_around_their_commits_have_each_effect_once(
    boundary: str, workshop: Workshop, faults: Faults, wholeness: Wholeness
) -> None:
    orders = [*await workshop.ready_orders(3), await workshop.ready_order_of_the_linked_owner()]
    await wholeness.at_rest()
    for worker in CONSUMERS:
        await faults.kill_at(worker, boundary)
    await asyncio.gather(*(order.complete() for order in orders))
    await faults.killed(*CONSUMERS)
    await faults.restart(*CONSUMERS)
    await wholeness.check(orders)
