from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from chassis.clock import FixedClock
from chassis.consuming import BatchOutcome, apply_batch, raw_record
from chassis.consuming.messages import RawRecord
from chassis.db import Database
from chassis.provision import ServiceDatabase
from chassis.runtime import Service
from contracts.event import Event
from contracts.owners import AccessEnded, AccessGranted, CarRegistered
from sto.consumers import subscriptions
from sto.settings import StoSettings
from sto.wiring import service
from tests.support.databases import ServiceDatabaseFactory, connected
from tests.support.eventually import eventually
from tests.support.golden import golden
from tests.support.people import PUBLIC_KEYS, Person

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PROFILE: dict[str, Any] = {
    "name": "Гараж на Ленина",
    "address": {"city": "Тверь", "street": "Ленина, 4", "postal_code": "170000"},
    "location": {"latitude": 56.8587, "longitude": 35.9176},
    "phones": ["+74822123456"],
    "specialities": ["brakes", "maintenance"],
    "makes": ["Toyota"],
    "time_zone": "Europe/Moscow",
    "currency": "RUB",
    "prices_include_tax": True,
}
DOCUMENT = {"name": "license.pdf", "sha256": "ab" * 32, "media_type": "application/pdf"}


@dataclass
class Sto:
    """The service on a database of its own: it is asked, events go in, tables and the outbox are looked at."""

    urls: ServiceDatabase
    service: Service
    app: FastAPI
    api: Database
    worker: Database
    owner: Database
    client: httpx.AsyncClient
    clock: FixedClock
    moderator: Person = field(default_factory=Person)
    delivered: list[RawRecord] = field(default_factory=list)

    @property
    def waiting_requests(self) -> int:
        """Requests that a read model refused, and that look again."""
        waiters: int = self.app.state.chassis.patience.waiters
        return waiters

    async def until_a_request_waits_for_a_lock(self) -> None:
        waiting = text("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")

        async def waits() -> bool:
            async with self.api.transaction() as tx:  # a role is told what its own sessions wait for
                return (await tx.execute(waiting)).first() is not None

        await eventually(waits)

    async def get(self, path: str, person: Person, **parameters: Any) -> httpx.Response:
        return await self.client.get(path, headers=person.headers, params=parameters)

    async def post(
        self, path: str, person: Person, body: Mapping[str, Any] | None = None, *, key: str | None = None
    ) -> httpx.Response:
        return await self.client.post(path, headers=person.acting(key=key), json=body)

    async def patch(self, path: str, person: Person, body: Mapping[str, Any], version: int | None) -> httpx.Response:
        return await self.client.patch(path, headers=person.acting(version=version), json=body)

    async def found(self, owner: Person, **changes: Any) -> str:
        """A new center's path."""
        self.clock.advance(timedelta(seconds=1))
        answer = await self.post("/v1/service-centers", owner, PROFILE | changes)
        assert answer.status_code == 201, answer.text
        return str(answer.headers["location"])

    async def submit(self, center: str, person: Person) -> str:
        """Applies; the application's id."""
        answer = await self.post(f"{center}/verification", person, {"documents": [DOCUMENT]})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["applications"][0]["id"])

    async def moderate(self, application: str, ruling: str, reason: str | None = None) -> None:
        """The moderator rules, after taking what waits for it."""
        path = f"/v1/moderation/verifications/{application}"
        if ruling in {"approve", "reject", "request_information"}:
            assert (await self.post(f"{path}/review", self.moderator)).status_code == 200
        answer = await self.post(f"{path}/decision", self.moderator, {"decision": ruling, "reason": reason})
        assert answer.status_code == 200, answer.text

    async def approved(self, owner: Person, **changes: Any) -> str:
        """A new center's path, once moderators have approved it."""
        center = await self.found(owner, **changes)
        await self.moderate(await self.submit(center, owner), "approve")
        return center

    async def invite(self, center: str, by: Person, role: str) -> str:
        """The token of a new invitation."""
        answer = await self.post(f"{center}/invitations", by, {"role": role})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])

    async def accept(self, token: str, person: Person) -> httpx.Response:
        return await self.post("/v1/invitations/acceptance", person, {"token": token})

    async def hire(self, center: str, by: Person, role: str) -> tuple[Person, str]:
        """Somebody new with this role, and the employment's path."""
        person = Person()
        answer = await self.accept(await self.invite(center, by, role), person)
        assert answer.status_code == 201, answer.text
        return person, f"{center}/employees/{answer.json()['id']}"

    async def car(self, owner: Person, **changes: Any) -> UUID:
        """A car that is known here."""
        car_id = uuid4()
        known = {"make": "Toyota", "model": "Corolla", "plate": "А123ВС77"} | changes
        await self.deliver(golden(CarRegistered, "vin", car_id=car_id, owner_id=owner.user_id, sequence=1, **known))
        return car_id

    async def request_link(self, center: str, person: Person, car_id: UUID, **body: Any) -> httpx.Response:
        asked = {"center_id": center.rpartition("/")[2], "car_id": str(car_id), "scopes": ["odometer", "create_visit"]}
        return await self.post("/v1/car-links", person, asked | body)

    async def linked(self, center: str, staff: Person, owner: Person) -> str:
        """The path of a requested link to a new car of the owner."""
        answer = await self.request_link(center, staff, await self.car(owner))
        assert answer.status_code == 201, answer.text
        return str(answer.headers["location"])

    async def deliver(self, *events: Event | RawRecord) -> BatchOutcome:
        """One batch, as the worker would apply it."""
        records = [
            event if isinstance(event, RawRecord) else raw_record(event, offset=len(self.delivered) + place)
            for place, event in enumerate(events)
        ]
        self.delivered += records
        outcome = await apply_batch(self.worker, subscriptions, records)
        assert await self.rows("SELECT * FROM dead_letter") == []
        return outcome

    async def run_timers(self) -> None:
        """Everything that is due at the clock's time."""
        timers = self.service.timers
        assert timers is not None
        while await timers.run_due(self.worker):
            pass
        assert await self.rows("SELECT * FROM timer WHERE attempts > 0") == []

    async def rows(self, sql: str, **parameters: Any) -> list[Any]:
        async with self.owner.transaction() as tx:
            return list((await tx.execute(text(sql), parameters)).all())

    async def execute(self, sql: str, **parameters: Any) -> None:
        async with self.owner.transaction() as tx:
            await tx.execute(text(sql), parameters)

    async def events(self, topic: str) -> list[dict[str, Any]]:
        """What was published on a topic, in order: the data, and the type under `type`."""
        rows = await self.rows(
            "SELECT headers ->> 'ce_type' AS type, convert_from(payload, 'UTF8')::json AS data FROM outbox "
            "WHERE topic = :topic ORDER BY id",
            topic=topic,
        )
        return [{"type": row.type.removeprefix(f"{topic}.").removesuffix(".v1"), **row.data} for row in rows]

    async def checksums(self) -> dict[str, str]:
        """A hash of every table but the inbox."""
        tables = await self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'inbox'")
        hashed = "SELECT coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') AS hash FROM {} t"
        return {row.tablename: (await self.rows(hashed.format(row.tablename)))[0].hash for row in tables}


def shared(car_id: UUID, owner: Person, person: Person, role: str, **changes: Any) -> AccessGranted:
    """The owner shares the car with the person, without end unless `expires_at` says one."""
    values = {
        "grant_id": person.user_id,
        "car_id": car_id,
        "owner_id": owner.user_id,
        "grantee_id": person.user_id,
        "role": role,
        "expires_at": None,
        "sequence": 1,
    }
    return golden(AccessGranted, "spouse", **values | changes)


def unshared(granted: AccessGranted, because: str = "revoked") -> AccessEnded:
    """That access is over."""
    return AccessEnded.model_validate({**granted.model_dump(), "sequence": granted.sequence + 9, "because": because})


@asynccontextmanager
async def running(urls: ServiceDatabase, *, patience: float) -> AsyncIterator[Sto]:
    clock = FixedClock(NOW)
    settings = StoSettings(database_worker_url=urls.worker_url, read_model_patience=patience)
    made = service(settings, clock=clock, keys=PUBLIC_KEYS)
    api, worker, owner = connected(urls, pool_size=8)
    app = made.build_app(api)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://sto") as client:
        sto = Sto(urls, made, app, api, worker, owner, client, clock)
        await sto.execute("INSERT INTO moderator VALUES (:id, now())", id=sto.moderator.user_id)
        yield sto
    for database in (api, worker, owner):
        await database.dispose()


@pytest.fixture
async def sto(service_database: ServiceDatabaseFactory) -> AsyncIterator[Sto]:
    async with running(await service_database("sto"), patience=2.0) as sto:
        yield sto


@pytest.fixture
async def impatient_sto(service_database: ServiceDatabaseFactory) -> AsyncIterator[Sto]:
    """A refusal by a read model is soon final."""
    async with running(await service_database("sto"), patience=0.05) as sto:
        yield sto
