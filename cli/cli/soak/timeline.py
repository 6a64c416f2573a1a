"""Everything that is known about an order that is not as it should be, in the order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from cli.errors import StackError
from cli.soak.history import History, OrderHistory
from cli.soak.striking import Strike
from cli.soak.violations import Violation
from cli.stack.stack import Stack

MOST = 20
"""Orders whose timeline is told: whoever breaks more has enough to read."""
_DEADLINE = 30.0
_BEFORE, _AFTER = 10.0, 60.0
_STATUSES = """
    SELECT work_order_id, from_status, to_status, occurred_at FROM status_history
    WHERE work_order_id = ANY ($1) ORDER BY work_order_id, sequence
"""


@dataclass(frozen=True)
class Timeline:
    """`lines`: seconds since the beginning of the run, and what happened."""

    order_id: str
    lines: tuple[tuple[float, str], ...]


async def timelines(
    stack: Stack, history: History, violations: Sequence[Violation], strikes: Sequence[Strike]
) -> list[Timeline]:
    """Of the first orders that are concerned: what their clients saw, their status history, the faults around."""
    concerned = list(dict.fromkeys(each.order_id for each in violations if each.order_id))[:MOST]
    if not concerned:
        return []
    seen = history.of(set(concerned))
    stored = await _statuses(stack, concerned, history.began_at)
    return [_timeline(order_id, seen.get(order_id), stored.get(order_id, []), strikes) for order_id in concerned]


def _timeline(
    order_id: str, seen: OrderHistory | None, stored: list[tuple[float, str]], strikes: Sequence[Strike]
) -> Timeline:
    lines = [*stored]
    if seen is not None:
        lines += [
            (
                step.at,
                f"client {seen.client}: {step.name} {step.outcome} in {step.took:.2f} s ({', '.join(step.answers)})",
            )
            for step in seen.steps
        ]
    if lines:
        first, last = min(at for at, _ in lines) - _BEFORE, max(at for at, _ in lines) + _AFTER
        lines += [
            (strike.began, f"fault {strike.fault.number}: {strike.fault.what}, over at {strike.ended:.1f} s")
            for strike in strikes
            if strike.ended >= first and strike.began <= last
        ]
    return Timeline(order_id, tuple(sorted(lines)))


async def _statuses(stack: Stack, order_ids: Sequence[str], began_at: float) -> dict[str, list[tuple[float, str]]]:
    try:
        connection = await asyncpg.connect(stack.databases["workorders"].owner_url, timeout=_DEADLINE)
        try:
            rows = await connection.fetch(_STATUSES, [UUID(each) for each in order_ids], timeout=_DEADLINE)
        finally:
            connection.terminate()
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise StackError(f"The database of workorders cannot be read: {error}") from error
    beginning = datetime.fromtimestamp(began_at, UTC)
    found: dict[str, list[tuple[float, str]]] = {}
    for row in rows:
        at = (row["occurred_at"] - beginning).total_seconds()
        found.setdefault(str(row["work_order_id"]), []).append(
            (at, f"database: {row['from_status']} → {row['to_status']}")
        )
    return found
