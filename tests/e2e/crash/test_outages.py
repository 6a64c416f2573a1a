"""Kafka or PostgreSQL away for longer than anybody's patience lasts."""

import asyncio
import signal

import httpx
import pytest

from cli.stack.stack import Stack
from tests.e2e.crash.wholeness import Wholeness
from tests.e2e.crash.workshop import COMPLETION, Workshop
from tests.e2e.faults import PATIENCE, Faults
from tests.support.eventually import eventually

pytestmark = pytest.mark.crash

RELAY = "workorders-relay"


async def test_while_kafka_is_away_requests_succeed_and_their_events_wait(
    workshop: Workshop, faults: Faults, wholeness: Wholeness
) -> None:
    orders = await workshop.ready_orders(2)
    await wholeness.at_rest()
    said = faults.listen(RELAY)
    await faults.kill("kafka")
    waiting = [await wholeness.backlog("workorders")]
    for order in orders:
        assert (await order.complete_once()).body["status"] == "completed"
        waiting.append(await wholeness.backlog("workorders"))
    orders += await workshop.ready_orders(1)
    await orders[-1].complete_once()
    waiting.append(await wholeness.backlog("workorders"))
    assert waiting == sorted(set(waiting))
    # The outage outlasts the relay's deadlines twice.
    await eventually(lambda: said().count("relay cannot reach Kafka") > 1, within=PATIENCE)
    await faults.restart("kafka")
    await wholeness.check(orders)


async def test_acks_that_kafka_owes_for_too_long_double_no_effect(
    workshop: Workshop, faults: Faults, wholeness: Wholeness
) -> None:
    orders = await workshop.ready_orders(3)
    await wholeness.at_rest()
    said = faults.listen(RELAY)
    faults.send(signal.SIGSTOP, "kafka")
    try:
        await asyncio.gather(*(order.complete_once() for order in orders))
        await eventually(lambda: "relay gives its producer up" in said(), within=PATIENCE)
    finally:
        faults.send(signal.SIGCONT, "kafka")
    await wholeness.check(orders)


async def test_while_postgresql_is_away_clients_are_told_when_to_come_back_and_nothing_is_half_done(
    stack: Stack, workshop: Workshop, faults: Faults, wholeness: Wholeness
) -> None:
    consumed, refused = await workshop.ready_orders(2), await workshop.ready_orders(2)
    await wholeness.at_rest()
    await faults.hold_at("owners-worker", "before-consumer-commit")
    await asyncio.gather(*(order.complete_once() for order in consumed))
    await faults.held("owners-worker")
    left = {part: stack.process(part).pid for part in ("owners-worker", "owners-relay", RELAY)}
    await faults.kill(*faults.databases)
    faults.send(signal.SIGCONT, "owners-worker")
    async with httpx.AsyncClient(base_url=stack.gateway_url, timeout=PATIENCE) as client:
        for order in refused:
            path, headers = f"/v1/work-orders/{order.id}", order.headers
            for answer in (
                await client.post(f"{path}/completion", json=COMPLETION, headers=headers),
                await client.get(path, headers=headers),
            ):
                assert answer.status_code == 503
                assert int(answer.headers["Retry-After"]) > 0
    # The outage outlasts the patience of a worker that has something to apply: it ends, and is started again.
    await eventually(lambda: all(stack.process(part).pid != pid for part, pid in left.items()), within=PATIENCE)
    await faults.restart(*faults.databases)
    await faults.everything_ready()
    assert [await workshop.status_of(order) for order in refused] == ["ready", "ready"]
    await asyncio.gather(*(order.complete() for order in refused))
    await wholeness.check([*consumed, *refused])
