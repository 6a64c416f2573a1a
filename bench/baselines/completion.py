"""A work order's completion by hand: FastAPI, one statement that locks and reads, one CTE that writes.

It keeps what the product keeps: the caller's row-level security, Idempotency-Key with replay, If-Match, the sealed
snapshot, status history, the event in the outbox, and the order as answer; all in one transaction. It has no telemetry,
no strict JSON, no domain model and few words for what is wrong. Started as `python -m bench.baselines.completion`.
"""

from __future__ import annotations

import base64
import gc
import hashlib
import os
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Any, Final, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import orjson
import uvicorn
from fastapi import FastAPI, Header, HTTPException, Request, Response
from pydantic import BaseModel

from bench.baselines.completion_sql import READ, WRITE
from bench.baselines.pooled import pooled
from bench.baselines.timeline import Tokens
from chassis.ids import new_id

_MAX_KM: Final = 1_000_000
_DECIDED: Final = ("estimate_version", "estimate_sha256", "decided_at", "decided_by")


class Odometer(BaseModel):
    """A reading."""

    value: str
    unit: Literal["km", "mi"]


class Completion(BaseModel):
    """What is handed over."""

    odometer: Odometer


def application(database_url: str, public_key: bytes) -> FastAPI:
    """The application."""
    app = FastAPI(lifespan=pooled(database_url), openapi_url=None)
    tokens = Tokens(public_key)

    @app.get("/livez")
    async def livez() -> Response:
        return Response("{}")

    @app.post("/v1/work-orders/{order_id}/completion")
    async def complete(
        *,
        request: Request,
        order_id: UUID,
        body: Completion,
        authorization: Annotated[str, Header()],
        if_match: Annotated[str, Header()],
        idempotency_key: Annotated[str, Header(max_length=255)],
    ) -> Response:
        user = tokens.user(authorization)
        scope = hashlib.sha256(f"{user}\nPOST\n{request.url.path}\n{idempotency_key}".encode()).digest()
        fingerprint = hashlib.sha256(await request.body()).digest()
        async with request.app.state.pool.acquire() as connection, connection.transaction():
            await connection.execute(f"SELECT set_config('carpass.user_id', '{user}', true)")
            lock = int.from_bytes(scope[:8], "big", signed=True)
            row = await connection.fetchrow(READ, order_id, lock, scope, user)
            if row["kept"] is not None:
                return _replayed(orjson.loads(row["kept"]), fingerprint)
            if not row["locked"]:
                raise HTTPException(409)
            handed_over = _HandedOver(row["known"], user, if_match, body)
            answer = await handed_over.write(connection, scope, fingerprint)
        return Response(answer, media_type="application/json", headers={"ETag": handed_over.etag})

    return app


def _replayed(kept: dict[str, Any], fingerprint: bytes) -> Response:
    if kept["fingerprint"] != fingerprint.hex():
        raise HTTPException(422)
    return Response(kept["body"], media_type="application/json", headers={"Idempotency-Replayed": "true"})


class _HandedOver:
    """Checks, counts and writes one completion."""

    def __init__(self, known: str | None, user: UUID, if_match: str, body: Completion) -> None:
        if known is None:
            raise HTTPException(404)
        self.known = orjson.loads(known)
        self.order = order = self.known["order"]
        self.user, self.body, self.now = user, body, datetime.now(UTC)
        self.etag = f'"{order["version"] + 1}"'
        if self.known["role"] not in {"owner", "manager"}:
            raise HTTPException(403)
        if if_match != f'"{order["version"]}"':
            raise HTTPException(412)
        self.km = round(Decimal(body.odometer.value) * (1 if body.odometer.unit == "km" else Decimal("1.609344")))
        self.jobs = [self._job(job) for job in self.known["jobs"] if job["status"] == "authorised"]
        self._check()

    def _check(self) -> None:
        waiting = any(job["status"] in {"proposed", "sent"} for job in self.known["jobs"])
        agreed = sum(job["decision"]["total_minor"] for job in self.known["jobs"] if job["decision"])
        if self.order["status"] != "ready" or waiting or self.known["center"]["verification"] != "approved":
            raise HTTPException(409)
        if self._total("total_minor") > agreed + self.order["tolerance_minor"]:
            raise HTTPException(409)
        if not 0 <= self.km <= _MAX_KM or self.km < (self.known["last"] or 0):
            raise HTTPException(422)

    def _total(self, name: str) -> int:
        return sum(line[name] for job in self.jobs for line in (*job["labor"], *job["products"]))

    def _job(self, job: dict[str, Any]) -> dict[str, Any]:
        labor = [
            self._line(line, line["hours_text"], line["rate_text"])
            | {
                "operation": line["operation"],
                "hours": line["hours_text"],
                "rate": line["rate_text"],
                "mechanic_id": line["mechanic_id"],
            }
            for line in job["labor"]
        ]
        products = [
            self._line(line, line["quantity_text"], line["price_text"])
            | {"quantity": line["quantity_text"], "price": line["price_text"]}
            | {name: line[name] for name in ("kind", "name", "sku", "unit", "batch", "warranty", "customer_supplied")}
            for line in job["products"]
        ]
        decision = job["decision"]
        return {
            "job_id": job["id"],
            "title": job["title"],
            "labor": labor,
            "products": products,
            "total_minor": sum(line["total_minor"] for line in (*labor, *products)),
            "authorisation": {
                **{
                    name: decision[name] for name in ("estimate_version", "estimate_sha256", "decided_at", "decided_by")
                },
                "role": decision["role"],
                "consent_channel": decision["channel"],
            },
        }

    def _line(self, line: dict[str, Any], quantity: str, price: str) -> dict[str, Any]:
        charged = _rounded(Decimal(quantity) * Decimal(price) * 100)
        discount = line["discount_minor"] + line["order_discount_minor"]
        charged, rate = charged - discount, Decimal(line["tax"])
        included = self.order["prices_include_tax"]
        tax = _rounded(charged * rate / (100 + rate if included else 100))
        due = {"km": line["next_service_km"], "months": line["next_service_months"]}
        return {
            "line_id": line["id"],
            "discount_minor": discount,
            "tax_percent": line["tax"],
            "tax_minor": tax,
            "net_minor": charged - tax if included else charged,
            "total_minor": charged if included else charged + tax,
            "next_service": due if any(due.values()) else None,
        }

    def _snapshot(self) -> dict[str, Any]:
        order, center, car = self.order, self.known["center"], self.known["car"]
        mechanics = {line["mechanic_id"] for job in self.jobs for line in job["labor"] if line["mechanic_id"]}
        totals = {name: self._total(name) for name in ("net_minor", "discount_minor", "tax_minor", "total_minor")}
        return {
            "schema_version": 1,
            "work_order_id": order["id"],
            "number": order["number"],
            "center": {
                "center_id": center["id"],
                **{name: center[name] for name in ("name", "verification", "time_zone")},
            },
            "car": {"car_id": car["id"], **{name: car[name] for name in ("vin", "frame_number", "plate")}},
            "owner_id": order["owner_id"],
            "mechanic_ids": sorted(mechanics),
            "complaint": order["complaint"],
            "odometer": {
                "readable": True,
                **self.body.odometer.model_dump(),
                "km": self.km,
                "measured_at": self.now.isoformat(),
                "override_reason": None,
                "photo_sha256": None,
                "unreadable_reason": None,
            },
            "jobs": self.jobs,
            "declined": [
                {"job_id": job["id"], "title": job["title"], "next_service": None}
                for job in self.known["jobs"]
                if job["status"] == "declined"
            ],
            "totals": {**totals, "currency": order["currency"], "prices_include_tax": order["prices_include_tax"]},
            "estimate_sha256s": [estimate["sha256"] for estimate in self.known["estimates"]],
            "related_party": order["related_party"] or self.known["owner_is_staff"],
            "opened_at": order["opened_at"],
            "completed_at": self.now.isoformat(),
            "completed_on": self.now.astimezone(ZoneInfo(center["time_zone"])).date().isoformat(),
            "completed_by": str(self.user),
        }

    async def write(self, connection: asyncpg.Connection, scope: bytes, fingerprint: bytes) -> bytes:
        """The one writing statement; the answer."""
        order = self.order
        snapshot = self._snapshot()
        content = orjson.dumps(snapshot, option=orjson.OPT_SORT_KEYS)  # with these keys and values this is RFC 8785
        sha256 = hashlib.sha256(content).hexdigest()
        answer = orjson.dumps(
            {**order, "status": "completed", "version": order["version"] + 1, "closed_at": self.now}
            | {"jobs": self.jobs, "bill": snapshot["totals"], "estimate": self.known["estimates"][-1]}
        )
        await connection.execute(
            WRITE,
            order["id"],
            self.now,
            snapshot["related_party"],
            new_id(),
            order["center_id"],
            order["owner_id"],
            order["sequence"] + 1,
            self.user,
            self.known["role"],
            order["car_id"],
            content.decode(),
            sha256,
            order["car_id"].encode(),
            orjson.dumps(self._headers()).decode(),
            self._event(snapshot, content, sha256),
            scope,
            fingerprint,
            orjson.dumps({"ETag": self.etag}).decode(),
            answer,
        )
        return answer

    def _event(self, snapshot: dict[str, Any], content: bytes, sha256: str) -> bytes:
        order = self.order
        told = {name: order[name] for name in ("number", "car_id", "car_label", "owner_id", "center_id", "center_name")}
        event = {
            **told,
            "sequence": order["sequence"] + 1,
            "occurred_at": self.now,
            "actor": {"user_id": self.user, "role": self.known["role"]},
            "work_order_id": order["id"],
            "status": "completed",
            "related_party": snapshot["related_party"],
            "revision": 1,
            "snapshot": orjson.Fragment(content),
            "snapshot_sha256": sha256,
        }
        return orjson.dumps(event)

    def _headers(self) -> dict[str, str]:
        return {
            "ce_specversion": "1.0",
            "ce_id": str(new_id()),
            "ce_source": "/carpass/workorders",
            "ce_type": "workorders.workorder.completed.v1",
            "ce_subject": self.order["id"],
            "ce_time": self.now.isoformat(),
            "content-type": "application/json",
        }


def _rounded(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_EVEN))


if __name__ == "__main__":
    served = application(os.environ["DATABASE_URL"], base64.b64decode(os.environ["PUBLIC_KEY"]))
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    uvicorn.run(
        served,
        port=int(os.environ["CARPASS_HTTP_PORT"]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
