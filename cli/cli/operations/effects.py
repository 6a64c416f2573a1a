"""Which effects each completed work order has, read from all five databases. Every effect has to be there once."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from cli.errors import StackError
from cli.operations.installation import Installation

_DEADLINE = 60.0
_CONNECT_DEADLINE = 5.0

EFFECTS: Mapping[tuple[str, str], str] = {
    ("workorders", "status history"): (
        "SELECT work_order_id, count(*) FROM status_history WHERE to_status = 'completed' GROUP BY 1"
    ),
    ("owners", "service entry"): (
        "SELECT work_order_id, count(*) FROM service_entry WHERE work_order_id IS NOT NULL GROUP BY 1"
    ),
    ("owners", "expense"): "SELECT work_order_id, count(*) FROM expense WHERE work_order_id IS NOT NULL GROUP BY 1",
    ("owners", "odometer reading"): (
        "SELECT work_order_id, count(*) FROM odometer_reading WHERE revision = 1 AND NOT removed_meter GROUP BY 1"
    ),
    ("owners", "reading of a removed meter"): (
        "SELECT work_order_id, count(*) FROM odometer_reading WHERE work_order_id IS NOT NULL AND removed_meter "
        "GROUP BY 1"
    ),
    ("owners", "meter replacement"): "SELECT work_order_id, count(*) FROM meter_replacement GROUP BY 1",
    ("trust", "attested service"): "SELECT work_order_id, count(*) FROM attested_service GROUP BY 1",
    ("trust", "recommendation"): "SELECT work_order_id, count(*) FROM recommendation GROUP BY 1",
    ("trust", "audit row"): (
        "SELECT subject::uuid, count(*) FROM audit_row WHERE action = 'workorders.workorder.completed.v1' GROUP BY 1"
    ),
    ("trust", "timeline entry"): (
        "SELECT work_order_id, count(*) FROM engagement_event WHERE kind = 'work_order_completed' GROUP BY 1"
    ),
    ("notifier", "notification"): (
        "SELECT subject_id, count(*) FROM notification WHERE template = 'work-order-completed' GROUP BY 1"
    ),
}
"""How often each work order has each effect, by service and name."""

_SNAPSHOTS = "SELECT work_order_id, content, sha256 FROM snapshot ORDER BY completed_at, work_order_id"

_HASHES = {
    (
        "owners",
        "service entry",
    ): "SELECT work_order_id, snapshot_sha256 FROM service_entry WHERE work_order_id IS NOT NULL",
    ("owners", "expense"): "SELECT work_order_id, snapshot_sha256 FROM expense WHERE work_order_id IS NOT NULL",
}

_SENT_TWICE = (
    "SELECT n.subject_id, count(*) FROM notification n JOIN delivery_attempt d ON d.notification_id = n.id "
    "WHERE n.template = 'work-order-completed' AND d.state = 'sent' GROUP BY 1 HAVING count(*) > 1"
)


@dataclass(frozen=True)
class OrderEffects:
    """One completed order: how often each effect exists, and one sentence for each thing that is wrong."""

    work_order_id: UUID
    counts: Mapping[str, int]
    missing: tuple[str, ...]
    doubled: tuple[str, ...]
    wrong: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether every effect is there exactly once and agrees with the snapshot."""
        return not (self.missing or self.doubled or self.wrong)


@dataclass(frozen=True)
class Report:
    """All completed orders, effects of orders that were never completed, and what is still under way."""

    orders: list[OrderEffects]
    strangers: dict[str, list[UUID]] = field(default_factory=dict)
    outbox: dict[str, int] = field(default_factory=dict)
    dead_letters: dict[str, int] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        """Whether nothing is lost, doubled, made up or dead."""
        return all(order.whole for order in self.orders) and not self.strangers and not any(self.dead_letters.values())


async def check_effects(installation: Installation, *, within: float = _DEADLINE) -> Report:
    """Reads all databases; raises StackError when one of them does not answer within so many seconds."""
    services = tuple(installation.databases)
    found = await asyncio.gather(*(_read(service, installation.databases[service], within) for service in services))
    by_service = dict(zip(services, found, strict=True))
    snapshots = by_service["workorders"].snapshots
    counts = {name: counts for read in found for name, counts in read.counts.items()}
    hashes = {name: hashes for read in found for name, hashes in read.hashes.items()}
    twice = by_service["notifier"].sent_twice
    orders = [_judge(row, counts, hashes, twice) for row in snapshots]
    known = {row["work_order_id"] for row in snapshots}
    strangers = {f"{name} in {service}": sorted(set(of) - known) for (service, name), of in counts.items()}
    return Report(
        orders,
        {name: ids for name, ids in strangers.items() if ids},
        {service: read.outbox for service, read in by_service.items()},
        {service: read.dead_letters for service, read in by_service.items()},
    )


@dataclass(frozen=True)
class _Read:
    counts: dict[tuple[str, str], dict[UUID, int]]
    hashes: dict[tuple[str, str], dict[UUID, str]]
    snapshots: list[asyncpg.Record]
    sent_twice: set[UUID]
    outbox: int
    dead_letters: int


async def _read(service: str, url: str, within: float) -> _Read:
    try:
        async with asyncio.timeout(within):
            connection = await asyncpg.connect(url, timeout=_CONNECT_DEADLINE)
            try:
                # One snapshot of the database: a count taken later would see effects of orders that were read earlier.
                async with connection.transaction(isolation="repeatable_read", readonly=True):
                    return await _read_all(service, connection)
            finally:
                await connection.close(timeout=_CONNECT_DEADLINE)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise StackError(f"The database of {service} cannot be read: {type(error).__name__}: {error}") from error


async def _read_all(service: str, connection: asyncpg.Connection) -> _Read:
    async def pairs(sql: str) -> dict[UUID, Any]:
        return {row[0]: row[1] for row in await connection.fetch(sql)}

    return _Read(
        counts={name: await pairs(sql) for name, sql in EFFECTS.items() if name[0] == service},
        hashes={name: await pairs(sql) for name, sql in _HASHES.items() if name[0] == service},
        snapshots=await connection.fetch(_SNAPSHOTS) if service == "workorders" else [],
        sent_twice=set(await pairs(_SENT_TWICE)) if service == "notifier" else set(),
        outbox=await connection.fetchval("SELECT count(*) FROM outbox"),
        dead_letters=await connection.fetchval("SELECT count(*) FROM dead_letter"),
    )


def _judge(
    row: asyncpg.Record,
    counts: Mapping[tuple[str, str], Mapping[UUID, int]],
    hashes: Mapping[tuple[str, str], Mapping[UUID, str]],
    sent_twice: set[UUID],
) -> OrderEffects:
    order_id: UUID = row["work_order_id"]
    snapshot = json.loads(row["content"])
    found = {name: of.get(order_id, 0) for name, of in counts.items()}
    expected = dict.fromkeys(EFFECTS, 1)
    expected["owners", "odometer reading"] = int(snapshot["odometer"]["readable"])
    replacement = snapshot["odometer"].get("meter_replacement")
    expected["owners", "meter replacement"] = int(replacement is not None)
    expected["owners", "reading of a removed meter"] = int(
        replacement is not None and replacement["removed_value"] is not None
    )
    expected["trust", "recommendation"] = _recommendations(snapshot)
    wrong = []
    if hashlib.sha256(row["content"].encode()).hexdigest() != row["sha256"]:
        wrong.append("the snapshot does not have its SHA-256")
    wrong += [
        f"the {name} in {service} names another snapshot"
        for (service, name), of in hashes.items()
        if of.get(order_id, row["sha256"]) != row["sha256"]
    ]
    if order_id in sent_twice:
        wrong.append("its Telegram message was sent twice")
    return OrderEffects(
        order_id,
        {f"{name} in {service}": count for (service, name), count in found.items()},
        tuple(f"{name} in {service}" for (service, name), n in found.items() if n < expected[service, name]),
        tuple(f"{name} in {service}" for (service, name), n in found.items() if n > expected[service, name]),
        tuple(wrong),
    )


def _recommendations(snapshot: Mapping[str, Any]) -> int:
    lines = [line for job in snapshot["jobs"] for line in (*job["labor"], *job["products"])]
    return sum(line["next_service"] is not None for line in lines) + len(snapshot["declined"])
