"""The read side: lists and records of orders. Who sees what is a condition here, and row-level security below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, exists, select, tuple_

from chassis.db import Transaction
from chassis.problems import NotFound
from workorders.db.loading import estimate_state, find_order, is_visible, visible_to
from workorders.db.models import estimate, labor_line, status_history, work_order
from workorders.db.snapshots import StoredSnapshot, find_snapshot
from workorders.domain.estimate import Document
from workorders.domain.people import ActingRole
from workorders.domain.status import EstimateState, Status
from workorders.domain.work_order import WorkOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSearch:
    """Which orders a list shows; what is None does not matter. Dates are those of opening, the second one excluded."""

    center_id: UUID | None
    car_id: UUID | None
    mechanic_id: UUID | None
    status: Status | None
    opened_from: datetime | None
    opened_before: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSummary:
    """An order in a list."""

    id: UUID
    number: int
    center_id: UUID
    center_name: str
    car_id: UUID
    car_label: str
    owner_id: UUID
    status: Status
    related_party: bool
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentEstimate:
    """An estimate version as it was frozen, and what became of it."""

    id: UUID
    version: int
    document: Document
    total_minor: int
    tolerance_minor: int
    currency: str
    sent_at: datetime
    sent_by: UUID
    valid_until: datetime
    state: EstimateState


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """A line of WorkOrderStatusHistory."""

    id: UUID
    sequence: int
    from_status: Status | None
    to_status: Status
    actor_id: UUID | None
    role: ActingRole
    reason: str | None
    occurred_at: datetime


type Position = tuple[datetime, UUID]

_SUMMARY = tuple(work_order.c[name] for name in OrderSummary.__dataclass_fields__)
_CHANGE = tuple(status_history.c[name] for name in StatusChange.__dataclass_fields__)


async def get_order(tx: Transaction, order_id: UUID, user_id: UUID) -> WorkOrder:
    """The order; raises NotFound (404) when this person sees no such order."""
    order = await find_order(tx, order_id, user_id=user_id)
    if order is None:
        raise NotFound
    return order


async def list_orders(
    tx: Transaction, user_id: UUID, search: OrderSearch, *, after: Position | None, limit: int
) -> list[OrderSummary]:
    """The person's orders, the latest opened first."""
    wanted = select(*_SUMMARY).where(visible_to(user_id), *_conditions(search))
    if after is not None:
        wanted = wanted.where(tuple_(work_order.c.opened_at, work_order.c.id) < tuple_(*after))
    wanted = wanted.order_by(work_order.c.opened_at.desc(), work_order.c.id.desc()).limit(limit)
    return [OrderSummary(**row._mapping) for row in await tx.execute(wanted)]  # noqa: SLF001 - SQLAlchemy's public name


def _conditions(search: OrderSearch) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        work_order.c[name] == value
        for name in ("center_id", "car_id", "status")
        if (value := getattr(search, name)) is not None
    ]
    if search.opened_from is not None:
        conditions.append(work_order.c.opened_at >= search.opened_from)
    if search.opened_before is not None:
        conditions.append(work_order.c.opened_at < search.opened_before)
    if search.mechanic_id is not None:
        assigned = (labor_line.c.work_order_id == work_order.c.id) & (labor_line.c.mechanic_id == search.mechanic_id)
        conditions.append(exists().where(assigned))
    return conditions


def _estimates(order_id: UUID, user_id: UUID) -> Select[Any]:
    return (
        select(estimate, work_order.c.currency, estimate_state)
        .join(work_order, work_order.c.id == estimate.c.work_order_id)
        .where(work_order.c.id == order_id, visible_to(user_id))
    )


async def list_estimates(
    tx: Transaction, order_id: UUID, user_id: UUID, *, after: Position | None, limit: int
) -> list[SentEstimate]:
    """The order's versions, the first one first; raises NotFound (404)."""
    await _require_visible(tx, order_id, user_id)
    wanted = _estimates(order_id, user_id)
    if after is not None:
        wanted = wanted.where(tuple_(estimate.c.sent_at, estimate.c.id) > tuple_(*after))
    rows = await tx.execute(wanted.order_by(estimate.c.sent_at, estimate.c.id).limit(limit))
    return [_estimate(row) for row in rows]


async def get_estimate(tx: Transaction, order_id: UUID, version: int, user_id: UUID) -> SentEstimate:
    """One version; raises NotFound (404)."""
    row = (await tx.execute(_estimates(order_id, user_id).where(estimate.c.version == version))).one_or_none()
    if row is None:
        raise NotFound
    return _estimate(row)


def _estimate(row: Row[Any]) -> SentEstimate:
    return SentEstimate(
        id=row.id,
        version=row.version,
        document=Document(row.content, row.sha256),
        total_minor=row.total_minor,
        tolerance_minor=row.tolerance_minor,
        currency=row.currency,
        sent_at=row.sent_at,
        sent_by=row.sent_by,
        valid_until=row.valid_until,
        state=EstimateState(row.estimate_state),
    )


async def list_history(
    tx: Transaction, order_id: UUID, user_id: UUID, *, after: Position | None, limit: int
) -> Sequence[StatusChange]:
    """How the order's status changed, the first change first; raises NotFound (404)."""
    await _require_visible(tx, order_id, user_id)
    wanted = select(*_CHANGE).where(status_history.c.work_order_id == order_id)
    if after is not None:
        wanted = wanted.where(tuple_(status_history.c.occurred_at, status_history.c.id) > tuple_(*after))
    wanted = wanted.order_by(status_history.c.occurred_at, status_history.c.id).limit(limit)
    return [StatusChange(**row._mapping) for row in await tx.execute(wanted)]  # noqa: SLF001 - SQLAlchemy's public name


async def get_snapshot(tx: Transaction, order_id: UUID, user_id: UUID) -> StoredSnapshot:
    """What the completed order says; raises NotFound (404), also before completion."""
    await _require_visible(tx, order_id, user_id)
    stored = await find_snapshot(tx, order_id)
    if stored is None:
        raise NotFound
    return stored


async def _require_visible(tx: Transaction, order_id: UUID, user_id: UUID) -> None:
    if not await is_visible(tx, order_id, user_id):
        raise NotFound
