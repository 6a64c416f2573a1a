"""A relay that stands still while another one takes over, and then goes on."""

import asyncio
import signal

import pytest

from cli.stack.stack import Stack
from tests.e2e.crash.one_more import one_more
from tests.e2e.crash.wholeness import Wholeness
from tests.e2e.crash.workshop import Workshop
from tests.e2e.faults import PATIENCE, Faults
from tests.support.eventually import eventually

pytestmark = pytest.mark.crash

RELAY = "workorders-relay"


async def test_a_stopped_relay_is_replaced_and_sends_nothing_when_it_wakes_up(
    stack: Stack, workshop: Workshop, faults: Faults, wholeness: Wholeness
) -> None:
    first, second, third = [await workshop.ready_orders(2) for _ in range(3)]
    await wholeness.at_rest()
    stopped = stack.process(RELAY)
    pid = stopped.pid
    with one_more(stack, RELAY, "workorders", "relay"):
        faults.send(signal.SIGSTOP, RELAY)
        try:
            await asyncio.gather(*(order.complete() for order in first))
            await wholeness.check(first)
            # Awake again, with its old connections, it finds more to send.
            completing = [asyncio.create_task(order.complete()) for order in second]
        finally:
            faults.send(signal.SIGCONT, RELAY)
        await asyncio.gather(*completing)
        await eventually(lambda: stopped.pid != pid, within=PATIENCE)  # it ended, and was started again to stand by
        await wholeness.check([*first, *second])
    await asyncio.gather(*(order.complete() for order in third))
    await wholeness.check([*first, *second, *third])
