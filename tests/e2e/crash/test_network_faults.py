"""The way to Kafka and to PostgreSQL is bad for a while, and then good again."""

import asyncio

import pytest

from cli.client.gateway import Refused
from cli.stack.leftovers import KAFKA
from cli.stack.stack import Stack
from tests.e2e.crash.wholeness import Wholeness
from tests.e2e.crash.workshop import Workshop
from tests.e2e.faults import PATIENCE, Faults
from tests.support.eventually import eventually

pytestmark = pytest.mark.crash

RELAY = "workorders-relay"


@pytest.mark.usefixtures("faults")
async def test_connections_to_kafka_reset_over_and_over_cost_no_effect(
    stack: Stack, workshop: Workshop, wholeness: Wholeness
) -> None:
    orders = await workshop.ready_orders(4)
    await wholeness.at_rest()
    for order in orders:
        await order.complete_once()
        assert stack.proxies[KAFKA].reset() > 0
    await wholeness.check(orders)


async def test_a_blackhole_before_kafka_that_outlasts_the_acks_costs_no_effect(
    stack: Stack, workshop: Workshop, faults: Faults, wholeness: Wholeness
) -> None:
    orders = await workshop.ready_orders(4)
    await wholeness.at_rest()
    said = faults.listen(RELAY)
    stack.proxies[KAFKA].blackhole()
    await asyncio.gather(*(order.complete_once() for order in orders))
    await eventually(lambda: "relay gives its producer up" in said(), within=PATIENCE)
    stack.proxies[KAFKA].pass_through()
    await wholeness.check(orders)


@pytest.mark.usefixtures("faults")
async def test_half_a_second_more_on_every_way_to_kafka_and_back_costs_time_only(
    stack: Stack, workshop: Workshop, wholeness: Wholeness
) -> None:
    orders = await workshop.ready_orders(4)
    await wholeness.at_rest()
    stack.proxies[KAFKA].delay(0.5)
    await asyncio.gather(*(order.complete_once() for order in orders))
    # The checker comes by the direct way: all has been sent, applied and committed while every answer took a second.
    await wholeness.check(orders)


async def test_a_completion_that_vanishes_on_the_way_to_its_database_is_refused_and_succeeds_later(
    stack: Stack, workshop: Workshop, wholeness: Wholeness, faults: Faults
) -> None:
    orders = await workshop.ready_orders(2)
    await wholeness.at_rest()
    database = stack.proxies[stack.postgres_part("workorders")]
    database.blackhole()
    refused = await asyncio.gather(*(order.complete_once() for order in orders), return_exceptions=True)
    database.pass_through()
    assert [answer.status for answer in refused if isinstance(answer, Refused)] == [503, 503]
    await asyncio.gather(*(order.complete() for order in orders))
    await wholeness.check(orders)
    await faults.everything_ready()
