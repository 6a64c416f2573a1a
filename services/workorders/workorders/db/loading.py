"""Orders, loaded with all their parts by one statement, and locked by the same one where they are to be changed.

The row-level security of the tables stands behind every condition here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    Table,
    Uuid,
    and_,
    bindparam,
    func,
    null,
    or_,
    select,
    true,
    tuple_,
)

from chassis.db import Transaction
from chassis.prepared import Prepared
from workorders.db.directory import role_at, role_in_car
from workorders.db.models import decision, estimate, estimate_outcome, job, labor_line, product_line, work_order
from workorders.db.read_models import access_in_force, employee
from workorders.db.rows import Row, Rows, order_of, part_rows
from workorders.domain.people import SharedRole, StaffRole
from workorders.domain.status import EstimateState
from workorders.domain.work_order import WorkOrder


@dataclass(frozen=True, slots=True)
class Stored:
    """An order as it is in the database; `rows` tell later which of its parts have changed.

    `staff_role` is that of the person who asked for it, `shared_as` what the car's owner lets this person do.
    """

    order: WorkOrder
    rows: Rows
    staff_role: StaffRole | None
    shared_as: SharedRole | None


def visible_to(user_id: UUID | ColumnElement[UUID]) -> ColumnElement[bool]:
    """Orders of the centers where this person works, and those on cars that are his or are shared with him."""
    employed_at = select(employee.c.center_id).where(employee.c.user_id == user_id, employee.c.active)
    granted = access_in_force.c
    shared = select(granted.car_id, granted.owner_id).where(granted.user_id == user_id)
    return or_(
        work_order.c.center_id.in_(employed_at),
        work_order.c.owner_id == user_id,
        tuple_(work_order.c.car_id, work_order.c.owner_id).in_(shared),
    )


_order_id: Final = bindparam("order_id", type_=Uuid())
_user_id: Final = bindparam("user_id", type_=Uuid())

_outcome: Final = (
    select(func.max(estimate_outcome.c.outcome))  # "superseded" is above "decided", and comes after it
    .where(
        estimate_outcome.c.work_order_id == estimate.c.work_order_id, estimate_outcome.c.version == estimate.c.version
    )
    .correlate(estimate)
    .scalar_subquery()
)
estimate_state: Final = func.coalesce(_outcome, EstimateState.OPEN.value).label("estimate_state")
"""Whether a version is open, decided or superseded; for queries over `estimate`."""


def _columns(table: Table, *without: str) -> dict[str, ColumnElement[Any]]:
    known = {"work_order_id", "center_id", "owner_id", *without}
    return {column.name: column for column in table.columns if column.name not in known}


_JOB: Final = _columns(decision, "title") | {"decided_title": decision.c.title} | _columns(job, "position")
_decision_in_force: Final = and_(
    decision.c.work_order_id == job.c.work_order_id,
    decision.c.estimate_version == job.c.authorised_version,
    decision.c.job_id == job.c.id,
)
_LABOR, _PRODUCT = (_columns(table, "position") for table in (labor_line, product_line))


def _parts(columns: Mapping[str, ColumnElement[Any]], table: Table, source: Any) -> ScalarSelect[Any]:
    """An array of rows: the driver takes it apart faster than it makes another round trip."""
    rows = select(func.row(*columns.values())).select_from(source).order_by(table.c.position)
    return rows.where(table.c.work_order_id == work_order.c.id).correlate(work_order).scalar_subquery()


_seen: Final = work_order.alias("seen")
_ORDER: Final = select(
    work_order,
    estimate.c.sha256.label("estimate_sha256"),
    estimate.c.total_minor.label("estimate_total_minor"),
    estimate.c.tolerance_minor.label("estimate_tolerance_minor"),
    estimate.c.sent_at.label("estimate_sent_at"),
    estimate.c.valid_until.label("estimate_valid_until"),
    estimate_state,
    func.array(_parts(_JOB, job, job.outerjoin(decision, _decision_in_force))).label("jobs"),
    func.array(_parts(_LABOR, labor_line, labor_line)).label("labor"),
    func.array(_parts(_PRODUCT, product_line, product_line)).label("products"),
    select(_seen.c.version).where(_seen.c.id == work_order.c.id).scalar_subquery().label("seen_version"),
).select_from(
    work_order.outerjoin(
        estimate,
        and_(estimate.c.work_order_id == work_order.c.id, estimate.c.version == work_order.c.estimate_version),
    )
)


def _loading(
    visible: ColumnElement[bool], staff_role: ColumnElement[Any], shared_as: ColumnElement[Any]
) -> Select[Any]:
    roles = staff_role.label("staff_role"), shared_as.label("shared_as")
    return _ORDER.add_columns(*roles).where(work_order.c.id == _order_id, visible)


_ANY: Final = _loading(true(), null(), null())
_VISIBLE: Final = _loading(
    visible_to(_user_id),
    role_at(work_order.c.center_id, _user_id),
    role_in_car(work_order.c.car_id, work_order.c.owner_id, _user_id),
)
_FIND, _FIND_VISIBLE = Prepared(_ANY), Prepared(_VISIBLE)
_LOCK, _LOCK_VISIBLE = (Prepared(each.with_for_update(of=work_order)) for each in (_ANY, _VISIBLE))


async def lock_order(tx: Transaction, order_id: UUID, *, user_id: UUID | None) -> Stored | None:
    """The order for a change, or None when this person has no part in changing it; None as person is a timer."""
    locking, finding = (_LOCK, _FIND) if user_id is None else (_LOCK_VISIBLE, _FIND_VISIBLE)
    row = await _row(tx, locking, order_id, user_id)
    if row is not None and row["version"] != row["seen_version"]:
        # It waited for another change: the order is the new one, but its parts are those from before the wait.
        row = await _row(tx, finding, order_id, user_id)
    if row is None:
        return None
    order = _order(row)
    return Stored(order, part_rows(order), row["staff_role"], row["shared_as"])


async def find_order(tx: Transaction, order_id: UUID, *, user_id: UUID) -> WorkOrder | None:
    """The order for reading, if this person sees it."""
    row = await _row(tx, _FIND_VISIBLE, order_id, user_id)
    return None if row is None else _order(row)


async def is_visible(tx: Transaction, order_id: UUID, user_id: UUID) -> bool:
    """Whether this person sees such an order."""
    wanted = select(work_order.c.id).where(work_order.c.id == order_id, visible_to(user_id))
    return (await tx.execute(wanted)).first() is not None


async def _row(tx: Transaction, statement: Prepared, order_id: UUID, user_id: UUID | None) -> Row | None:
    rows = await tx.fetch(statement, {"order_id": order_id, "user_id": user_id})
    return rows[0] if rows else None


def _order(row: Row) -> WorkOrder:
    return order_of(row, _named(_JOB, row["jobs"]), _named(_LABOR, row["labor"]), _named(_PRODUCT, row["products"]))


def _named(columns: Mapping[str, Any], rows: list[tuple[Any, ...]]) -> Iterator[Row]:
    return (dict(zip(columns, row, strict=True)) for row in rows)
