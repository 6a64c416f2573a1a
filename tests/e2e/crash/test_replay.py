"""All topics once more from their first record, into the running services."""

import asyncio

import asyncpg
import pytest

from cli.stack.plan import SERVICES
from cli.stack.stack import Stack
from tests.e2e.crash.contents import checksums, forget_what_was_received
from tests.e2e.crash.offsets import Groups, Offsets
from tests.e2e.crash.wholeness import Wholeness
from tests.e2e.crash.workshop import Workshop
from tests.e2e.faults import PATIENCE, Faults
from tests.support.eventually import eventually

pytestmark = pytest.mark.crash

WORKERS = [f"{service}-worker" for service in SERVICES]
UNDER_WAY = "SELECT count(*) FROM delivery_attempt WHERE state IN ('queued', 'sending')"


@pytest.mark.parametrize("inbox", ["kept", "expired"])
async def test_replaying_every_topic_from_its_first_record_changes_nothing(
    inbox: str, stack: Stack, workshop: Workshop, faults: Faults, wholeness: Wholeness
) -> None:
    orders = [*await workshop.ready_orders(2), await workshop.ready_order_of_the_linked_owner()]
    await asyncio.gather(*(order.complete() for order in orders))
    await wholeness.check(orders)
    await messages_delivered(stack)
    await faults.end(*WORKERS)
    before, published = await contents(stack), await ends(stack)
    for service in SERVICES if inbox == "expired" else ():
        await forget_what_was_received(stack.databases[service].owner_url)
    await rewind(stack)
    await faults.restart(*WORKERS)
    await wholeness.at_rest()
    await wholeness.dead_letters.check()
    await wholeness.dead_letters.remove()
    await wholeness.check(orders)
    assert await contents(stack) == before
    assert await ends(stack) == published


async def contents(stack: Stack) -> dict[str, dict[str, str]]:
    return {service: await checksums(stack.databases[service].owner_url) for service in SERVICES}


async def ends(stack: Stack) -> Offsets:
    async with Groups.of(stack.kafka_bootstrap) as groups:
        return await groups.ends()


async def rewind(stack: Stack) -> None:
    async with Groups.of(stack.kafka_bootstrap) as groups:
        for service in SERVICES:
            await groups.rewind(service)
            assert not any((await groups.committed(service)).values())


async def messages_delivered(stack: Stack) -> None:
    """The bot writes to one chat once a second: what waits for that would change its tables meanwhile."""
    connection = await asyncpg.connect(stack.databases["notifier"].owner_url, timeout=60)

    async def delivered() -> bool:
        return int(await connection.fetchval(UNDER_WAY)) == 0

    try:
        await eventually(delivered, within=PATIENCE, every=0.2)
    finally:
        await connection.close()
