"""A service's own PostgreSQL drops its sessions, or is away, while the other services have theirs."""

import asyncio

import asyncpg
import pytest

from cli.client.gateway import Refused
from cli.operations.effects import EFFECTS
from cli.stack.plan import SERVICES
from cli.stack.stack import Stack
from tests.e2e.crash.wholeness import Wholeness
from tests.e2e.crash.workshop import ReadyOrder, Workshop
from tests.e2e.faults import PATIENCE, Faults
from tests.support.eventually import eventually

pytestmark = pytest.mark.crash

TERMINATE = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE usename IN ($1::text || '_api', $1::text || '_worker')
"""
WITHOUT_OWNERS = [("trust", "audit row"), ("trust", "recommendation"), ("notifier", "notification")]


async def test_all_sessions_of_all_services_terminated_at_every_completion_cost_no_effect(
    stack: Stack, workshop: Workshop, faults: Faults, wholeness: Wholeness
) -> None:
    orders = await workshop.ready_orders(4)
    await wholeness.at_rest()
    for order in orders:
        completing = asyncio.create_task(order.complete())
        assert any(await asyncio.gather(*(terminate_sessions(stack, service) for service in SERVICES)))
        await completing
    await faults.everything_ready()
    await wholeness.check(orders)


async def terminate_sessions(stack: Stack, service: str) -> int:
    admin = await asyncpg.connect(stack.superuser_url(service), timeout=60)
    try:
        return int(await admin.fetchval(TERMINATE, service))
    finally:
        await admin.close()


async def test_without_the_database_of_owners_the_others_go_on_and_owners_catches_up(
    stack: Stack, workshop: Workshop, faults: Faults, wholeness: Wholeness
) -> None:
    orders = await workshop.ready_orders(4)
    await wholeness.at_rest()
    worker = stack.process("owners-worker").pid
    await faults.kill(stack.postgres_part("owners"))
    with pytest.raises(Refused) as refused:
        await orders[0].founder.get("/v1/me")
    assert refused.value.status == 503
    for order in orders:
        assert (await order.complete_once()).body["status"] == "completed"
    for service, effect in WITHOUT_OWNERS:
        await eventually(lambda s=service, e=effect: has_effect(stack, s, e, orders), within=PATIENCE)  # type: ignore[misc]
    # It is away for longer than the worker's patience lasts: that ends, and is started again.
    await eventually(lambda: stack.process("owners-worker").pid != worker, within=PATIENCE)
    await faults.restart(stack.postgres_part("owners"))
    await faults.everything_ready()
    await wholeness.check(orders)


async def has_effect(stack: Stack, service: str, effect: str, orders: list[ReadyOrder]) -> bool:
    connection = await asyncpg.connect(stack.databases[service].owner_url, timeout=60)
    try:
        found = {str(order_id) for order_id, _ in await connection.fetch(EFFECTS[service, effect])}
    finally:
        await connection.close()
    return {order.id for order in orders} <= found
