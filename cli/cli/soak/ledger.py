"""Everything about the work orders that the check needs of five databases: sets and counts, no query per order."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from cli.errors import StackError
from cli.operations.installation import Installation

_CONNECT_DEADLINE = 10.0
_STATEMENT_DEADLINE = 300.0

_ORDERS = """
    SELECT o.id, o.status, o.sequence, last.to_status AS told, s.work_order_id IS NOT NULL AS sealed
    FROM work_order o
    LEFT JOIN (SELECT DISTINCT ON (work_order_id) work_order_id, to_status
               FROM status_history ORDER BY work_order_id, sequence DESC) last ON last.work_order_id = o.id
    LEFT JOIN snapshot s ON s.work_order_id = o.id
"""

_JUMPS = """
    SELECT work_order_id, sequence, from_status, before FROM (
        SELECT work_order_id, sequence, from_status,
               lag(to_status) OVER (PARTITION BY work_order_id ORDER BY sequence) AS before
        FROM status_history) AS steps
    WHERE from_status IS DISTINCT FROM before
"""

_GAPS = "SELECT center_id, max(number) - count(*) FROM work_order GROUP BY 1 HAVING max(number) <> count(*)"

_AUDITED = "SELECT subject::uuid, count(*) FROM audit_row WHERE action LIKE 'workorders.workorder.%' GROUP BY 1"

SEQUENCES: Mapping[str, tuple[str, str]] = {
    "owners.car": ("owners", "SELECT id, sequence FROM car"),
    "owners.record": ("owners", "SELECT id, record_sequence FROM car WHERE record_sequence > 0"),
    "workorders.workorder": ("workorders", "SELECT id, sequence FROM work_order"),
    "trust.recommendation": ("trust", "SELECT id, sequence FROM recommendation"),
    "trust.score": ("trust", "SELECT car_id, sequence FROM vehicle_score"),
}
"""The last event of each aggregate of a topic, as its producer's database knows it."""


@dataclass(frozen=True, slots=True)
class Mirror:
    """Rows of one service that another service made of its events: each of them once."""

    name: str
    service: str
    rows: str
    source: str
    source_rows: str


MIRRORS = (
    Mirror(
        "history entry in trust",
        "trust",
        "SELECT entry_id, count(*) FROM history_entry WHERE NOT removed GROUP BY 1",
        "owners",
        "SELECT id, 1 FROM service_entry",
    ),
    Mirror(
        "reading in trust",
        "trust",
        "SELECT reading_id, count(*) FROM car_reading WHERE NOT removed GROUP BY 1",
        "owners",
        "SELECT id, 1 FROM odometer_reading",
    ),
    Mirror(
        "estimate's notification",
        "notifier",
        "SELECT subject_id, count(*) FROM notification WHERE template = 'estimate-sent' GROUP BY 1",
        "workorders",
        "SELECT work_order_id, count(*) FROM estimate GROUP BY 1",
    ),
    Mirror(
        "cancellation's notification",
        "notifier",
        "SELECT subject_id, count(*) FROM notification WHERE template = 'work-order-cancelled' GROUP BY 1",
        "workorders",
        "SELECT id, 1 FROM work_order WHERE status = 'cancelled'",
    ),
    Mirror(
        "recommendation's notification",
        "notifier",
        "SELECT subject_id, count(*) FROM notification WHERE template = 'recommendation-opened' GROUP BY 1",
        "trust",
        "SELECT id, 1 FROM recommendation",
    ),
)
"""What is one step further away than the effects of a completed order."""


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """`told`: the last status of its history; `sealed`: it has a snapshot."""

    status: str
    sequence: int
    told: str | None
    sealed: bool


@dataclass(frozen=True)
class Ledger:
    """As read at one time; counts are by id."""

    orders: Mapping[UUID, StoredOrder]
    jumps: Mapping[UUID, str]
    gaps: Mapping[UUID, int]
    audited: Mapping[UUID, int]
    sequences: Mapping[str, Mapping[UUID, int]]
    mirrors: Mapping[Mirror, tuple[Mapping[UUID, int], Mapping[UUID, int]]]

    @property
    def by_status(self) -> Counter[str]:
        """How many orders there are of each status."""
        return Counter(order.status for order in self.orders.values())


async def read_ledger(installation: Installation) -> Ledger:
    """Raises StackError when a database does not answer."""
    connections = dict(
        zip(
            installation.databases,
            await asyncio.gather(*map(_connect, installation.databases.values())),
            strict=True,
        )
    )

    async def pairs(service: str, sql: str) -> dict[UUID, Any]:
        return {row[0]: row[1] for row in await rows(service, sql)}

    async def rows(service: str, sql: str) -> list[asyncpg.Record]:
        return list(await connections[service].fetch(sql, timeout=_STATEMENT_DEADLINE))

    try:
        return Ledger(
            orders={row[0]: StoredOrder(*row[1:]) for row in await rows("workorders", _ORDERS)},
            jumps={row[0]: f"from {row[2]} after {row[3]} (step {row[1]})" for row in await rows("workorders", _JUMPS)},
            gaps=await pairs("workorders", _GAPS),
            audited=await pairs("trust", _AUDITED),
            sequences={topic: await pairs(*where) for topic, where in SEQUENCES.items()},
            mirrors={
                mirror: (await pairs(mirror.service, mirror.rows), await pairs(mirror.source, mirror.source_rows))
                for mirror in MIRRORS
            },
        )
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise StackError(f"A database cannot be read: {type(error).__name__}: {error}") from error
    finally:
        for connection in connections.values():
            connection.terminate()


async def _connect(url: str) -> asyncpg.Connection:
    try:
        return await asyncpg.connect(url, timeout=_CONNECT_DEADLINE)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise StackError(f"A database does not answer: {type(error).__name__}: {error}") from error
