"""Every role of every service ended in order and started again under a hundred requests a second.

What clients wait for goes one after the other: all at once is no rolling restart, and their wait would be the sum.
"""

import asyncio
import re
from collections import Counter

import pytest

from cli.stack.plan import ROLES, SERVICES
from tests.e2e.crash.wholeness import Wholeness
from tests.e2e.crash.workshop import ReadyOrder, Workshop
from tests.e2e.faults import Faults
from tests.support.pacing import at_rate

pytestmark = pytest.mark.crash

AT_ONCE = 2
AT_LEAST = 3
READS_PER_SECOND = 100
ENDS = re.compile(r'"event":\s*("stopping"|"a part [^"]*")')
"""What a process says when it is told to end, and when something in it does not end as it should."""


async def test_a_rolling_restart_is_seen_by_no_client_and_costs_no_effect(
    workshop: Workshop, faults: Faults, wholeness: Wholeness
) -> None:
    await workshop.ready_orders(1)
    parts = [f"{service}-{role}" for role in ROLES for service in SERVICES]
    logs = [faults.listen(part) for part in parts]
    over = asyncio.Event()
    working = [asyncio.create_task(work(workshop, over)) for _ in range(AT_ONCE)]
    reading = asyncio.create_task(read(workshop, over))
    try:
        for service in SERVICES:
            await faults.restart(f"{service}-api")
        for role in ("worker", "relay"):
            await faults.restart(*(f"{service}-{role}" for service in SERVICES))
    finally:
        over.set()
    completed = [order for orders in await asyncio.gather(*working) for order in orders]
    assert await reading > READS_PER_SECOND
    assert len(completed) > len(ROLES)
    await wholeness.check(completed)
    ends = Counter(line for said in logs for line in ENDS.findall(said()))
    assert ends == {'"stopping"': len(parts)}


async def work(workshop: Workshop, over: asyncio.Event) -> list[ReadyOrder]:
    """One order after the other, until it is over, and a few in any case. Any answer but a success raises."""
    completed: list[ReadyOrder] = []
    while not over.is_set() or len(completed) < AT_LEAST:
        order = await workshop.ready_order()
        await order.complete_once()
        completed.append(order)
    return completed


async def read(workshop: Workshop, over: asyncio.Event) -> int:
    """From every service in turn, however long the answers take; how many there were. Any but a success raises.

    Short pages: what a service has to catch up on after its restart is to be requests, not the past of a whole run.
    """
    person, car = workshop.linked_owner
    lists = [f"/v1/{name}?limit=2" for name in ("service-centers", "work-orders", "notifications")]
    paths = ("/v1/me", *lists, f"/v1/cars/{car}/score")
    async with asyncio.TaskGroup() as reads:
        sent = [
            reads.create_task(person.get(paths[number % len(paths)]))
            async for number in at_rate(READS_PER_SECOND, over)
        ]
    return len(sent)
