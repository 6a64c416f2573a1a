"""Records that mean nothing: where tests have written them, and what the services made of them."""

from collections.abc import Collection

import asyncpg

from cli.stack.stack import Stack
from contracts.registry import TOPICS

type Place = tuple[str, int, int]
"""Topic, partition, offset."""


class DeadLetters:
    def __init__(self, stack: Stack) -> None:
        self._urls = {service: database.owner_url for service, database in stack.databases.items()}
        self.written: set[Place] = set()
        """The places of all bad records on the topics, where they stay."""

    async def check(self, *, besides: Collection[Place] = ()) -> None:
        """Every service has exactly the bad ones of the topics that it consumes; `besides`: removed before."""
        for service in self._urls:
            rows = await self._run(service, 'SELECT topic, partition, "offset" FROM dead_letter')
            expected = {place for place in self.written - set(besides) if service in TOPICS[place[0]].consumers}
            assert {(row["topic"], row["partition"], row["offset"]) for row in rows} == expected, service

    async def remove(self) -> None:
        """As an operator does who has looked at them."""
        for service in self._urls:
            await self._run(service, "DELETE FROM dead_letter")

    async def _run(self, service: str, sql: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self._urls[service], timeout=60)
        try:
            return list(await connection.fetch(sql))
        finally:
            await connection.close()
