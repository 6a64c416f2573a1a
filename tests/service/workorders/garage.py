"""A service center with its people, a customer with a car, and the service that they use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import text

from chassis.clock import FixedClock
from chassis.consuming import BatchOutcome, apply_batch, raw_record
from chassis.consuming.messages import RawRecord
from chassis.db import Database
from chassis.runtime import Service
from contracts.event import Event
from contracts.owners import AccessChanged, AccessEnded, AccessGranted, CarRegistered, OdometerJudged
from contracts.sto import CenterRegistered, CenterVerificationChanged, EmployeeDeactivated, EmployeeJoined, LinkApproved
from tests.support.golden import golden
from tests.support.people import Person
from workorders.consumers import subscriptions

NOW = datetime(2026, 3, 16, 9, 0, tzinfo=UTC)
STAFF = ("owner", "manager", "receptionist", "assigned", "mechanic")
SHARING = {"car_manager": "manager", "car_driver": "driver", "car_viewer": "viewer"}
"""With whom the car's owner shares the car, and in what role."""
READING = {"odometer": {"value": "187500", "unit": "km"}}

LABOR: dict[str, Any] = {
    "operation": "Замена передних колодок",
    "hours": "1.5",
    "rate": "2400.00",
    "tax_percent": "20",
}
PRODUCT: dict[str, Any] = {
    "kind": "part",
    "name": "Колодки тормозные передние",
    "sku": "GDB3617",
    "quantity": "1",
    "unit": "set",
    "price": "4650.50",
    "tax_percent": "20",
    "warranty": "12 months",
    "next_service": {"km": 40000, "months": 24},
}


@dataclass
class Garage:
    """The service on a database of its own: it is asked, events go in, tables and the outbox are looked at."""

    service: Service
    api: Database
    worker: Database
    owner_role: Database
    client: httpx.AsyncClient
    clock: FixedClock
    center_id: UUID = field(default_factory=uuid4)
    car_id: UUID = field(default_factory=uuid4)
    link_id: UUID = field(default_factory=uuid4)
    people: dict[str, Person] = field(
        default_factory=lambda: {role: Person() for role in (*STAFF, "car_owner", *SHARING, "stranger")}
    )
    grant_ids: dict[str, UUID] = field(default_factory=lambda: {name: uuid4() for name in (*SHARING, *STAFF)})
    employee_ids: dict[str, UUID] = field(default_factory=lambda: {role: uuid4() for role in STAFF})
    delivered: list[RawRecord] = field(default_factory=list)

    # -- what others tell ----------------------------------------------------------------------------------------

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

    async def set_up(self) -> None:
        """The world as it usually is: an approved center, everybody employed, the car shared and linked."""
        staff, sharing = (self.joined(role) for role in STAFF), (self.shared(name) for name in SHARING)
        await self.deliver(self.center(), self.center_approved(), *staff, self.car(), *sharing, self.linked())

    def center(self, **changes: Any) -> CenterRegistered:
        values = {"center_id": self.center_id, "sequence": 1, "verification": "draft", "time_zone": "Asia/Vladivostok"}
        return golden(CenterRegistered, "founded", **values | changes)

    def center_approved(self, **changes: Any) -> CenterVerificationChanged:
        values = {**self.center().model_dump(), "sequence": 2, "verification": "approved", "previous": "submitted"}
        return CenterVerificationChanged.model_validate({**values, "reason": None, **changes})

    def joined(self, role: str, **changes: Any) -> EmployeeJoined:
        values = {
            "employee_id": self.employee_ids[role],
            "center_id": self.center_id,
            "user_id": self.people[role].user_id,
            "role": "mechanic" if role == "assigned" else role,
            "active": True,
            "sequence": 1,
        }
        return golden(EmployeeJoined, "mechanic", **values | changes)

    def left(self, role: str) -> EmployeeDeactivated:
        return EmployeeDeactivated.model_validate(self.joined(role, active=False, sequence=9).model_dump())

    def car(self, **changes: Any) -> CarRegistered:
        values = {"car_id": self.car_id, "owner_id": self.people["car_owner"].user_id, "sequence": 1}
        return golden(CarRegistered, "vin", **values | changes)

    def linked(self, **changes: Any) -> LinkApproved:
        values = {
            "link_id": self.link_id,
            "car_id": self.car_id,
            "owner_id": self.people["car_owner"].user_id,
            "center_id": self.center_id,
            "scopes": ["create_visit"],
            "expires_at": None,
            "sequence": 2,
        }
        return golden(LinkApproved, "two-scopes-for-a-year", **values | changes)

    def shared(self, name: str, **changes: Any) -> AccessGranted:
        """The owner gives this person access, without end unless `expires_at` says one."""
        values = {
            "grant_id": self.grant_ids[name],
            "car_id": self.car_id,
            "owner_id": self.people["car_owner"].user_id,
            "grantee_id": self.people[name].user_id,
            "role": SHARING.get(name, "viewer"),
            "expires_at": None,
            "sequence": 1,
        }
        return golden(AccessGranted, "spouse", **values | changes)

    def shared_anew(self, name: str, **changes: Any) -> AccessChanged:
        """The access in another role, or with another end."""
        return AccessChanged.model_validate(self.shared(name, **{"sequence": 2} | changes).model_dump())

    def unshared(self, name: str, because: str = "revoked", sequence: int = 3) -> AccessEnded:
        """The access is over."""
        return AccessEnded.model_validate({**self.shared(name, sequence=sequence).model_dump(), "because": because})

    def judged(self, km: int, observed_at: datetime, sequence: int = 1) -> OdometerJudged:
        """The car's last good reading."""
        reading = golden(OdometerJudged, "attested-reading").changed[0].model_dump() | {
            "value": str(km),
            "km": km,
            "observed_on": observed_at.date().isoformat(),
            "observed_at": observed_at,
        }
        return golden(OdometerJudged, "attested-reading", car_id=self.car_id, sequence=sequence, last_ok=reading)

    # -- what people do ------------------------------------------------------------------------------------------

    async def get(self, path: str, role: str = "manager", **parameters: Any) -> httpx.Response:
        return await self.client.get(path, headers=self.people[role].headers, params=parameters)

    async def send(
        self,
        method: str,
        path: str,
        role: str = "manager",
        body: Mapping[str, Any] | None = None,
        *,
        version: int | None = None,
        key: str | None = None,
    ) -> httpx.Response:
        headers = self.people[role].acting(version=version, key=key)
        return await self.client.request(method, path, headers=headers, json=body)

    async def post(self, path: str, role: str = "manager", body: Any = None, **options: Any) -> httpx.Response:
        return await self.send("POST", path, role, body, **options)

    async def act(self, order: str, action: str, role: str = "manager", body: Any = None) -> httpx.Response:
        """An action on the order's present version."""
        return await self.post(f"{order}/{action}", role, body, version=await self.version(order))

    async def done(self, order: str, action: str, role: str = "manager", body: Any = None) -> dict[str, Any]:
        """An action that succeeds; the order after it."""
        answer = await self.act(order, action, role, body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def order(self, order: str) -> dict[str, Any]:
        answer = await self.get(order)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def version(self, order: str) -> int:
        return int((await self.rows("SELECT version FROM work_order WHERE id = :id", id=id_of(order)))[0].version)

    async def open(self, role: str = "receptionist", **body: Any) -> str:
        """A new draft's path."""
        opening = {"center_id": str(self.center_id), "car_id": str(self.car_id), "complaint": "Скрип при торможении"}
        answer = await self.post("/v1/work-orders", role, opening | body)
        assert answer.status_code == 201, answer.text
        return str(answer.headers["location"])

    async def job(self, order: str, title: str = "Передние тормоза", **labor: Any) -> str:
        """A new job's path: 3,600.00 labor by the assigned mechanic, and a part of 4,650.50."""
        answer = await self.post(f"{order}/jobs", "manager", {"title": title})
        assert answer.status_code == 201, answer.text
        job = str(answer.headers["location"])
        terms = LABOR | {"mechanic_id": str(self.people["assigned"].user_id)} | labor
        for lines, line in (("labor", terms), ("products", PRODUCT)):
            answer = await self.post(f"{job}/{lines}", "manager", line)
            assert answer.status_code == 201, answer.text
        return job

    async def answer(self, order: str, decision: str = "authorise", role: str = "car_owner") -> dict[str, Any]:
        """The owner's answer to everything that waits for one."""
        return await self.done(order, "approval", role, await self.decisions(order, decision))

    async def decisions(self, order: str, decision: str = "authorise") -> dict[str, Any]:
        found = await self.order(order)
        jobs = [job["id"] for job in found["jobs"] if job["status"] == "sent"]
        return {
            "estimate_version": found["estimate"]["version"],
            "decisions": [{"job_id": job, "decision": decision} for job in jobs],
        }

    async def approved(self, **body: Any) -> str:
        """The path of an order whose one job is authorised."""
        order = await self.open(**body)
        await self.job(order)
        await self.done(order, "estimate")
        await self.answer(order)
        return order

    async def ready(self) -> str:
        """The path of an order that can be handed over."""
        order = await self.approved()
        await self.done(order, "start")
        await self.done(order, "ready")
        return order

    async def completed(self) -> str:
        """The path of a completed order."""
        order = await self.ready()
        await self.done(order, "completion", "manager", READING)
        return order

    # -- what can be looked at -----------------------------------------------------------------------------------

    async def rows(self, sql: str, **parameters: Any) -> list[Any]:
        async with self.owner_role.transaction() as tx:
            return list((await tx.execute(text(sql), parameters)).all())

    async def execute(self, sql: str, **parameters: Any) -> None:
        async with self.owner_role.transaction() as tx:
            await tx.execute(text(sql), parameters)

    async def events(self) -> list[dict[str, Any]]:
        """What was published, in order: the data, and the type under `type`."""
        rows = await self.rows(
            "SELECT headers ->> 'ce_type' AS type, convert_from(payload, 'UTF8')::json AS data FROM outbox ORDER BY id"
        )
        return [
            {**row.data, "type": row.type.removeprefix("workorders.workorder.").removesuffix(".v1")} for row in rows
        ]

    async def checksums(self) -> dict[str, str]:
        """A hash of every table but the inbox."""
        tables = await self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'inbox'")
        hashed = "SELECT coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') AS hash FROM {} t"
        return {row.tablename: (await self.rows(hashed.format(row.tablename)))[0].hash for row in tables}

    async def run_timers(self) -> None:
        """Everything that is due at the clock's time."""
        timers = self.service.timers
        assert timers is not None
        while await timers.run_due(self.worker):
            pass


def id_of(path: str) -> UUID:
    """The last id in a path."""
    return UUID(path.rpartition("/")[2])
