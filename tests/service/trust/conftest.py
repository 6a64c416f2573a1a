from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from chassis.consuming import BatchOutcome, apply_batch, raw_record
from chassis.db import Database
from chassis.provision import ServiceDatabase
from contracts.event import Event
from tests.support.databases import ServiceDatabaseFactory, connected
from tests.support.people import PUBLIC_KEYS
from trust.consumers import subscriptions
from trust.settings import TrustSettings
from trust.wiring import service


@dataclass
class Trust:
    """The service on a database of its own: events go in, the API is asked, tables are looked at."""

    urls: ServiceDatabase
    worker: Database
    owner: Database
    client: httpx.AsyncClient
    delivered: list[Any] = field(default_factory=list)

    async def deliver(self, *events: Event) -> BatchOutcome:
        """One batch, as the worker would apply it."""
        records = [raw_record(event, offset=len(self.delivered) + place) for place, event in enumerate(events)]
        self.delivered += records
        outcome = await apply_batch(self.worker, subscriptions, records)
        assert await self.value("SELECT count(*) FROM dead_letter") == 0
        return outcome

    async def redeliver_everything_with_an_empty_inbox(self) -> None:
        await self.execute("DELETE FROM inbox")
        await apply_batch(self.worker, subscriptions, self.delivered)

    async def value(self, sql: str, **parameters: Any) -> Any:
        async with self.owner.transaction() as tx:
            return (await tx.execute(text(sql), parameters)).scalar_one()

    async def rows(self, sql: str, **parameters: Any) -> list[Any]:
        async with self.owner.transaction() as tx:
            return list((await tx.execute(text(sql), parameters)).all())

    async def execute(self, sql: str) -> None:
        async with self.owner.transaction() as tx:
            await tx.execute(text(sql))

    async def published(self, event_type: str) -> list[Any]:
        """The data of the recorded events of a type, in order."""
        return [
            row.data
            for row in await self.rows(
                "SELECT convert_from(payload, 'UTF8')::json AS data FROM outbox "
                "WHERE headers ->> 'ce_type' = :type ORDER BY id",
                type=event_type,
            )
        ]

    async def checksums(self) -> dict[str, str]:
        """A hash of every table but the inbox."""
        tables = await self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'inbox'")
        return {
            row.tablename: await self.value(
                f"SELECT coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') FROM {row.tablename} t"  # noqa: S608
            )
            for row in tables
        }


@pytest.fixture
async def trust(service_database: ServiceDatabaseFactory) -> AsyncIterator[Trust]:
    urls = await service_database("trust")
    api, worker, owner = connected(urls, pool_size=4)
    app = service(TrustSettings(read_model_patience=0.2), keys=PUBLIC_KEYS).build_app(api)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://trust") as client:
        yield Trust(urls, worker, owner, client)
    for database in (api, worker, owner):
        await database.dispose()
