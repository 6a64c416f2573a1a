"""Dead letters of real services."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from chassis.consuming import RawRecord, Refuse, Subscriptions, apply_batch
from chassis.consuming.dead_letters import TIMER, DeadLetter, insert_dead_letters
from chassis.db import Database
from chassis.provision import ServiceDatabase
from contracts.registry import consumed_by

NOT_REPAIRED = "not repaired yet"


@dataclass
class Letters:
    """One service's database."""

    service: str
    url: str
    worker: Database
    owner: Database

    async def refuse(self, *records: RawRecord) -> None:
        """Given up by a version of the service that refuses everything."""
        broken = Subscriptions(self.service)

        @broken.state(*(event for topic in consumed_by(self.service) for event in topic.events))
        async def refuse(*_: object) -> None:
            raise Refuse(NOT_REPAIRED)

        assert (await apply_batch(self.worker, broken, records)).dead == len(records)

    async def add_timer(self, kind: str, subject: str) -> tuple[str, int, int]:
        """The letter of a timer that kept failing; its place."""
        record = RawRecord(f"{TIMER}:{kind}", -1, 7, subject.encode(), b'{"due_at":"2026-03-04T12:00:00+00:00"}')
        async with self.worker.transaction() as tx:
            await insert_dead_letters(tx, [DeadLetter(record, "RuntimeError: kept failing", TIMER)])
        return record.topic, record.partition, record.offset

    async def errors(self) -> dict[int, str]:
        """By offset."""
        return {row.offset: row.error for row in await self.rows('SELECT "offset", error FROM dead_letter')}

    async def rows(self, sql: str) -> Sequence[Any]:
        async with self.owner.transaction() as tx:
            return (await tx.execute(text(sql))).all()

    async def count(self, table: str) -> int:
        return int((await self.rows(f"SELECT count(*) AS rows FROM {table}"))[0].rows)  # noqa: S608 -- a test's own

    async def checksums(self) -> dict[str, str]:
        """A hash of every table."""
        tables = await self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        hashed = "SELECT coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') AS hash FROM {} t"
        return {row.tablename: (await self.rows(hashed.format(row.tablename)))[0].hash for row in tables}


@asynccontextmanager
async def letters_of(service: str, urls: ServiceDatabase) -> AsyncIterator[Letters]:
    worker, owner = (Database(url, pool_size=2, application_name="test") for url in (urls.worker_url, urls.owner_url))
    yield Letters(service, urls.owner_url, worker, owner)
    for database in (worker, owner):
        await database.dispose()
