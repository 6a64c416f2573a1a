"""Whether every completed order became what it has to become, once everything has come to rest."""

from collections.abc import Iterable

import asyncpg
from aiokafka.errors import KafkaError

from cli.errors import StackError
from cli.operations.effects import Report, check_effects
from cli.operations.installation import Installation
from cli.operations.ordering import check_order
from cli.stack.plan import SERVICES
from cli.stack.stack import Stack
from tests.e2e.crash.dead_letters import DeadLetters
from tests.e2e.crash.offsets import Groups
from tests.e2e.crash.workshop import ReadyOrder
from tests.support.eventually import eventually

_AT_REST_WITHIN = 150.0


class Wholeness:
    """The checker of `carpass effects`, asked when nothing is under way any more."""

    def __init__(self, stack: Stack) -> None:
        self.dead_letters = DeadLetters(stack)
        urls = {service: database.owner_url for service, database in stack.databases.items()}
        self._installation = Installation(urls, stack.kafka_bootstrap)

    async def at_rest(self) -> Report:
        """Waits until every outbox is empty and every service has applied and committed all of its topics."""
        return await eventually(self._when_at_rest, within=_AT_REST_WITHIN, every=0.25)

    async def check(self, orders: Iterable[ReadyOrder]) -> None:
        """These orders are completed, every order has each effect once, and each aggregate's events are in order."""
        report = await self.at_rest()
        assert {order.id for order in orders} <= {str(known.work_order_id) for known in report.orders}
        assert [order for order in report.orders if not order.whole] == []
        assert report.strangers == {}
        assert not any(report.dead_letters.values()), report.dead_letters
        assert (await check_order(self._installation.kafka_bootstrap)).broken == []

    async def backlog(self, service: str) -> int:
        """How many events wait in a service's outbox."""
        connection = await asyncpg.connect(self._installation.databases[service], timeout=60)
        try:
            return int(await connection.fetchval("SELECT count(*) FROM outbox"))
        finally:
            await connection.close()

    async def _when_at_rest(self) -> Report:
        try:
            async with Groups.of(self._installation.kafka_bootstrap) as groups:
                ends = await groups.ends()
                for service in SERVICES:
                    behind = {
                        partition: f"{offset} of {ends[partition]}"
                        for partition, offset in (await groups.committed(service)).items()
                        if offset < ends[partition]
                    }
                    assert not behind, f"{service} has not applied {behind}"
                report = await check_effects(self._installation)
                assert not any(report.outbox.values()), f"still to be sent: {report.outbox}"
                # What was published in between was in nobody's outbox and in nobody's offsets.
                assert await groups.ends() == ends, "events are still being published"
        except (KafkaError, OSError, TimeoutError, StackError) as error:
            raise AssertionError(f"a server does not answer: {error!r}") from error
        return report
