"""Kafka and PostgreSQL, killed while the processes of the main job stand at their boundaries."""

import asyncio
import signal
from collections.abc import Mapping

import pytest

from cli.stack.leftovers import KAFKA, POSTGRES
from tests.e2e.crash.wholeness import Wholeness
from tests.e2e.crash.workshop import Workshop
from tests.e2e.faults import Faults

pytestmark = pytest.mark.crash

API = "workorders-api"
RELAY = "workorders-relay"

BOUNDARIES = [
    {
        API: "before-commit",
        RELAY: "after-send",
        "owners-worker": "before-consumer-commit",
        "trust-worker": "after-consumer-commit",
        "notifier-worker": "before-offset-commit",
    },
    {
        API: "after-commit",
        RELAY: "after-ack",
        "owners-worker": "before-offset-commit",
        "trust-worker": "before-consumer-commit",
        "notifier-worker": "after-consumer-commit",
    },
]


@pytest.mark.parametrize("boundaries", BOUNDARIES, ids=["before", "after"])
@pytest.mark.parametrize("server", [KAFKA, POSTGRES])
async def test_a_server_killed_while_everybody_is_at_a_boundary_costs_no_effect(
    server: str, boundaries: Mapping[str, str], workshop: Workshop, faults: Faults, wholeness: Wholeness
) -> None:
    consumed, sent, committed = (
        await workshop.ready_orders(2),
        await workshop.ready_orders(2),
        await workshop.ready_orders(2),
    )
    await wholeness.at_rest()
    workers = [part for part in boundaries if part.endswith("-worker")]
    for worker in workers:
        await faults.hold_at(worker, boundaries[worker])
    await asyncio.gather(*(order.complete() for order in consumed))
    await faults.held(*workers)
    await faults.hold_at(RELAY, boundaries[RELAY])
    await asyncio.gather(*(order.complete() for order in sent))
    await faults.held(RELAY)
    await faults.hold_at(API, boundaries[API])
    completing = [asyncio.create_task(order.complete()) for order in committed]
    await faults.held(API)
    servers = [KAFKA] if server == KAFKA else faults.databases
    await faults.kill(*servers)
    faults.send(signal.SIGCONT, *boundaries)
    await faults.restart(*servers)
    await asyncio.gather(*completing)
    await wholeness.check([*consumed, *sent, *committed])
