from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import text

from chassis.clock import FixedClock
from chassis.consuming import BatchOutcome, RawRecord, apply_batch, raw_record
from chassis.db import Database
from chassis.provision import ServiceDatabase
from contracts.event import Event
from contracts.workorders import WorkOrderCompleted
from owners.consumers import subscriptions
from owners.settings import OwnersSettings
from owners.wiring import service
from tests.support.databases import ServiceDatabaseFactory, connected
from tests.support.golden import golden
from tests.unit.owners.telegram_signing import BOT_TOKEN, TELEGRAM_KEY, init_data

NOTIFIER_CREDENTIAL = "the notifier's credential"
VIN = "XTA21099043576182"
_telegram_ids = count(500_000)


@dataclass(frozen=True)
class Person:
    """Somebody who signed in."""

    telegram_id: int
    user_id: UUID
    access_token: str
    refresh_token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}

    def acting(self, *, key: str | None = None, version: int | None = None) -> dict[str, str]:
        match = {} if version is None else {"If-Match": f'"{version}"'}
        return {**self.headers, "Idempotency-Key": key or str(uuid4()), **match}


@dataclass
class Owners:
    """The service on a database of its own: it is asked, events go in, tables and the outbox are looked at."""

    urls: ServiceDatabase
    api: Database
    worker: Database
    owner: Database
    client: httpx.AsyncClient
    clock: FixedClock
    delivered: list[RawRecord] = field(default_factory=list)

    async def sign_in(self, telegram_id: int | None = None, **user: Any) -> Person:
        """Through the one door that there is."""
        telegram_id = telegram_id or next(_telegram_ids)
        data = init_data(self.clock(), telegram_id, **user)
        answer = await self.client.post("/v1/auth/telegram", json={"init_data": data})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        return Person(telegram_id, UUID(body["user_id"]), body["access_token"], body["refresh_token"])

    async def get(self, path: str, person: Person, **parameters: Any) -> httpx.Response:
        return await self.client.get(path, headers=person.headers, params=parameters)

    async def post(
        self, path: str, person: Person, body: Mapping[str, Any] | None = None, *, key: str | None = None
    ) -> httpx.Response:
        return await self.client.post(path, headers=person.acting(key=key), json=body)

    async def patch(self, path: str, person: Person, body: Mapping[str, Any], version: int | None) -> httpx.Response:
        return await self.client.patch(path, headers=person.acting(version=version), json=body)

    async def delete(self, path: str, person: Person, version: int | None = None) -> httpx.Response:
        return await self.client.delete(path, headers=person.acting(version=version))

    async def created(self, path: str, person: Person, body: Mapping[str, Any]) -> dict[str, Any]:
        """What a POST that must succeed answers."""
        answer = await self.post(path, person, body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def created_status(self, path: str, person: Person, body: Mapping[str, Any]) -> int:
        """The status of a POST that may be refused."""
        return (await self.post(path, person, body)).status_code

    async def car(self, person: Person, **details: Any) -> str:
        """The path of a new car."""
        made = await self.created("/v1/cars", person, {"vin": VIN, "make": "Lada", "currency": "RUB"} | details)
        return f"/v1/cars/{made['id']}"

    async def read(self, car: str, person: Person, value: str, on: str) -> dict[str, Any]:
        """A reading typed by the owner."""
        body = {"odometer": {"value": value, "unit": "km"}, "observed_on": on}
        return await self.created(f"{car}/odometer", person, body)

    async def listed(self, path: str, person: Person) -> list[dict[str, Any]]:
        """A list of one page."""
        answer = await self.get(path, person, limit=100)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["data"]
        return rows

    async def deliver(self, *events: Event | RawRecord, dead: int = 0) -> BatchOutcome:
        """One batch, as the worker would apply it."""
        records = [
            event if isinstance(event, RawRecord) else raw_record(event, offset=len(self.delivered) + place)
            for place, event in enumerate(events)
        ]
        self.delivered += records
        outcome = await apply_batch(self.worker, subscriptions, records)
        assert outcome.dead == dead, await self.rows("SELECT error FROM dead_letter")
        return outcome

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
        return [{"type": (row.type or "").removesuffix(".v1"), **(row.data or {})} for row in rows]

    async def checksums(self) -> dict[str, str]:
        """A hash of every table but the inbox."""
        tables = await self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'inbox'")
        hashed = "SELECT coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') AS hash FROM {} t"
        return {row.tablename: (await self.rows(hashed.format(row.tablename)))[0].hash for row in tables}


def completed(car: str, /, example: str = "brakes", **changes: Any) -> WorkOrderCompleted:
    """A completed work order for this car; `odometer` and `vin` change the snapshot."""
    order_id = changes.pop("work_order_id", uuid4())
    car_id = car.rpartition("/")[2]
    base = golden(WorkOrderCompleted, example).snapshot.model_dump(mode="json")
    base["odometer"] |= {"measured_at": "2024-03-15T13:40:00Z"}
    snapshot = {
        "work_order_id": str(order_id),
        "completed_on": "2024-03-15",
        "car": base["car"] | {"car_id": car_id} | changes.pop("car", {}),
        "odometer": base["odometer"] | changes.pop("odometer", {}),
        "totals": base["totals"] | changes.pop("totals", {}),
    }
    return golden(WorkOrderCompleted, example, car_id=car_id, work_order_id=str(order_id), snapshot=snapshot, **changes)


@pytest.fixture
def signing_keys(tmp_path: Path) -> Path:
    for name in ("0001.pem", "0002.pem"):
        pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (tmp_path / name).write_bytes(pem)
    return tmp_path


@pytest.fixture
async def owners(service_database: ServiceDatabaseFactory, signing_keys: Path) -> AsyncIterator[Owners]:
    urls = await service_database("owners")
    clock = FixedClock(datetime.now(UTC).replace(microsecond=0))  # tokens are verified by the real time
    settings = OwnersSettings(
        telegram_bot_token=BOT_TOKEN,
        telegram_public_key=TELEGRAM_KEY.public_key().public_bytes_raw().hex(),
        signing_keys_dir=signing_keys,
        notifier_credential=NOTIFIER_CREDENTIAL,
    )
    api, worker, owner = connected(urls, pool_size=8)
    app = service(settings, clock=clock).build_app(api)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://owners") as client:
        yield Owners(urls, api, worker, owner, client, clock)
    for database in (api, worker, owner):
        await database.dispose()
