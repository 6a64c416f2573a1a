"""Work orders that are ready to be handed over: two jobs, eight lines, everything authorised and paid for once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import asyncpg

from chassis.ids import new_id

JOBS: Final = 2
LINES: Final = 8
_CARS: Final = 50
_OPENED: Final = datetime(2026, 3, 16, 6, 0, tzinfo=UTC)
_STEPS: Final = (
    (None, "draft"),
    ("draft", "awaiting_approval"),
    ("awaiting_approval", "approved"),
    ("approved", "in_progress"),
    ("in_progress", "ready"),
)
_ESTIMATE: Final = "{}"
_SHA256: Final = hashlib.sha256(_ESTIMATE.encode()).hexdigest()
_LABOR_MINOR, _PART_MINOR = 360_000, 465_050
_JOB_MINOR: Final = LINES // JOBS // 2 * (_LABOR_MINOR + _PART_MINOR)
VERSION: Final = 14
"""What If-Match takes."""


type _Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Workshop:
    """A center with its manager, and customers' cars."""

    center_id: UUID = field(default_factory=new_id)
    manager_id: UUID = field(default_factory=new_id)
    owner_id: UUID = field(default_factory=new_id)
    car_ids: tuple[UUID, ...] = field(default_factory=lambda: tuple(new_id() for _ in range(_CARS)))

    async def store(self, database: asyncpg.Connection, orders: int) -> list[UUID]:
        """Puts it into an empty database of workorders, with so many orders; their ids."""
        await _copy(database, self._surroundings())
        ids = [new_id() for _ in range(orders)]
        for begin in range(0, orders, 500):
            rows: _Rows = {}
            for number, order_id in enumerate(ids[begin : begin + 500], begin + 1):
                for table, row in self._order(order_id, number):
                    rows.setdefault(table, []).append(row)
            await _copy(database, rows)
        await database.execute("VACUUM ANALYZE")
        return ids

    def _surroundings(self) -> _Rows:
        center = {
            "id": self.center_id,
            "name": "Ural Motor",
            "time_zone": "Asia/Yekaterinburg",
            "currency": "RUB",
            "prices_include_tax": True,
            "verification": "approved",
            "sequence": 2,
        }
        employee = {
            "id": new_id(),
            "center_id": self.center_id,
            "user_id": self.manager_id,
            "role": "manager",
            "active": True,
            "sequence": 1,
        }
        return {
            "center": [center],
            "employee": [employee],
            "car": [self._car(car_id) for car_id in self.car_ids],
            "car_link": [self._link(car_id) for car_id in self.car_ids],
        }

    def _car(self, car_id: UUID) -> dict[str, Any]:
        return {
            "id": car_id,
            "owner_id": self.owner_id,
            "vin": "XTA21099043576182",
            "plate": "К482МН66",
            "odometer_unit": "km",
            "archived": False,
            "sequence": 1,
        }

    def _link(self, car_id: UUID) -> dict[str, Any]:
        return {
            "id": new_id(),
            "car_id": car_id,
            "center_id": self.center_id,
            "owner_id": self.owner_id,
            "car_label": "Lada 21099",
            "scopes": ["create_visit"],
            "status": "approved",
            "sequence": 2,
        }

    def _order(self, order_id: UUID, number: int) -> Iterator[tuple[str, dict[str, Any]]]:
        tenants = {"center_id": self.center_id, "owner_id": self.owner_id}
        of_order = {"work_order_id": order_id, **tenants}
        yield (
            "work_order",
            {
                "id": order_id,
                **tenants,
                "car_id": self.car_ids[number % _CARS],
                "number": number,
                "status": "ready",
                "version": VERSION,
                "sequence": len(_STEPS),
                "center_name": "Ural Motor",
                "car_label": "Lada 21099",
                "currency": "RUB",
                "prices_include_tax": True,
                "four_eyes": False,
                "related_party": False,
                "complaint": "Скрип при торможении",
                "estimate_version": 1,
                "tolerance_minor": 0,
                "opened_at": _OPENED,
            },
        )
        yield from self._estimate(of_order)
        yield from self._history(of_order)
        for title in ("Передние тормоза", "Замена масла"):
            yield from self._job(of_order, title)

    def _estimate(self, of_order: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        yield (
            "estimate",
            {
                "id": new_id(),
                **of_order,
                "version": 1,
                "content": _ESTIMATE,
                "sha256": _SHA256,
                "total_minor": JOBS * _JOB_MINOR,
                "tolerance_minor": 0,
                "sent_at": _OPENED,
                "sent_by": self.manager_id,
                "valid_until": _OPENED + timedelta(days=7),
            },
        )
        outcome = {"version": 1, "outcome": "decided", "recorded_at": _OPENED}
        yield "estimate_outcome", of_order | outcome

    def _history(self, of_order: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        for sequence, (previous, status) in enumerate(_STEPS, 1):
            yield (
                "status_history",
                {
                    "id": new_id(),
                    **of_order,
                    "sequence": sequence,
                    "from_status": previous,
                    "to_status": status,
                    "actor_id": self.manager_id,
                    "role": "manager",
                    "occurred_at": _OPENED,
                },
            )

    def _job(self, of_order: dict[str, Any], title: str) -> Iterator[tuple[str, dict[str, Any]]]:
        job_id = new_id()
        yield "job", {"id": job_id, **of_order, "title": title, "status": "authorised", "authorised_version": 1}
        yield (
            "decision",
            {
                **of_order,
                "job_id": job_id,
                "estimate_version": 1,
                "estimate_sha256": _SHA256,
                "title": title,
                "choice": "authorised",
                "total_minor": _JOB_MINOR,
                "decided_at": _OPENED,
                "decided_by": self.owner_id,
                "role": "car_owner",
                "channel": "owner",
            },
        )
        yield from self._lines({"job_id": job_id, **of_order})

    def _lines(self, of_job: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        for _ in range(LINES // JOBS // 2):
            line = {**of_job, "discount_minor": 0, "order_discount_minor": 0}
            yield (
                "labor_line",
                {
                    "id": new_id(),
                    **line,
                    "tax_percent": Decimal(20),
                    "operation": "Замена передних колодок",
                    "hours": Decimal("1.5"),
                    "rate": Decimal("2400.00"),
                    "mechanic_id": self.manager_id,
                    "next_service_km": None,
                    "next_service_months": None,
                },
            )
            yield (
                "product_line",
                {
                    "id": new_id(),
                    **line,
                    "tax_percent": Decimal(20),
                    "kind": "part",
                    "name": "Колодки тормозные передние",
                    "sku": "GDB3617",
                    "quantity": Decimal(1),
                    "unit": "set",
                    "price": Decimal("4650.50"),
                    "warranty": "12 months",
                    "customer_supplied": False,
                    "next_service_km": 40_000,
                    "next_service_months": 24,
                },
            )


async def _copy(database: asyncpg.Connection, rows: _Rows) -> None:
    for table, records in rows.items():
        columns = list(records[0])
        values = [tuple(record[column] for column in columns) for record in records]
        await database.copy_records_to_table(table, records=values, columns=columns)
