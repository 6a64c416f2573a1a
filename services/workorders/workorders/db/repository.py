"""Orders: locked, loaded and saved. The row-level security of the tables stands behind every condition here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    Uuid,
    and_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.db import Transaction
from chassis.ids import new_id
from workorders.db.directory import role_at
from workorders.db.models import (
    decision,
    estimate,
    estimate_outcome,
    job,
    labor_line,
    order_counter,
    product_line,
    status_history,
    work_order,
)
from workorders.db.read_models import employee
from workorders.db.rows import (
    CHANGING_COLUMNS,
    Rows,
    Values,
    changing_columns,
    decision_rows,
    order_of,
    order_row,
    part_rows,
    tenants,
)
from workorders.domain.facts import EstimateDecided, EstimateSent, EstimateSuperseded, Recorded
from workorders.domain.people import StaffRole
from workorders.domain.status import EstimateState
from workorders.domain.work_order import WorkOrder


@dataclass(frozen=True, slots=True)
class Stored:
    """An order as it is in the database; `rows` tell later which of its parts have changed.

    `staff_role` is that of the person who asked for it.
    """

    order: WorkOrder
    rows: Rows
    staff_role: StaffRole | None


def visible_to(user_id: UUID | ColumnElement[UUID]) -> ColumnElement[bool]:
    """Orders of the centers where this person works, and those on his own cars."""
    employed_at = select(employee.c.center_id).where(employee.c.user_id == user_id, employee.c.active)
    return or_(work_order.c.center_id.in_(employed_at), work_order.c.owner_id == user_id)


# Statements of hot paths are built once: building one and finding its compiled form costs more than running it.
_order_id: Final = bindparam("order_id", type_=Uuid())
_user_id: Final = bindparam("user_id", type_=Uuid())


def _locking(role: ColumnElement[Any], visible: ColumnElement[bool]) -> Select[Any]:
    found = select(role.label("staff_role")).select_from(work_order).where(work_order.c.id == _order_id, visible)
    return found.with_for_update(of=work_order)


_LOCK: Final = _locking(null(), literal(True))
_LOCK_VISIBLE: Final = _locking(role_at(work_order.c.center_id, _user_id), visible_to(_user_id))


async def lock_order(tx: Transaction, order_id: UUID, *, user_id: UUID | None) -> Stored | None:
    """The order for a change, or None when this person sees no such order; None as person is a timer.

    Locked by a statement of its own: what is read after it is what the last holder of the lock has committed.
    """
    wanted, parameters = (_LOCK, {}) if user_id is None else (_LOCK_VISIBLE, {"user_id": user_id})
    locked = (await tx.execute(wanted, {"order_id": order_id, **parameters})).one_or_none()
    order = await load_order(tx, order_id) if locked else None
    return Stored(order, part_rows(order), locked.staff_role) if locked and order else None


async def find_order(tx: Transaction, order_id: UUID, *, user_id: UUID) -> WorkOrder | None:
    """The order for reading, if this person sees it."""
    return await load_order(tx, order_id, visible_to=user_id)


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

_ORDER: Final = select(
    work_order,
    estimate.c.sha256.label("estimate_sha256"),
    estimate.c.total_minor.label("estimate_total_minor"),
    estimate.c.tolerance_minor.label("estimate_tolerance_minor"),
    estimate.c.sent_at.label("estimate_sent_at"),
    estimate.c.valid_until.label("estimate_valid_until"),
    estimate_state,
).select_from(
    work_order.outerjoin(
        estimate,
        and_(estimate.c.work_order_id == work_order.c.id, estimate.c.version == work_order.c.estimate_version),
    )
)
_JOBS: Final = (
    select(
        job.c.id,
        job.c.title,
        job.c.status,
        job.c.authorised_version,
        *(column for column in decision.columns if column.name not in {"title", "work_order_id"}),
        decision.c.title.label("decided_title"),
    )
    .select_from(
        job.outerjoin(
            decision,
            and_(
                decision.c.work_order_id == job.c.work_order_id,
                decision.c.estimate_version == job.c.authorised_version,
                decision.c.job_id == job.c.id,
            ),
        )
    )
    .order_by(job.c.position)
)


_ORDER_BY_ID: Final = _ORDER.where(work_order.c.id == _order_id)
_VISIBLE_ORDER: Final = _ORDER_BY_ID.where(visible_to(_user_id))
_JOBS_OF_ORDER: Final = _JOBS.where(job.c.work_order_id == _order_id)
_LABOR, _PRODUCTS = (
    select(table).where(table.c.work_order_id == _order_id).order_by(table.c.position)
    for table in (labor_line, product_line)
)


async def load_order(tx: Transaction, order_id: UUID, *, visible_to: UUID | None = None) -> WorkOrder | None:
    """The whole aggregate."""
    of_order = {"order_id": order_id}
    if visible_to is None:
        row = (await tx.execute(_ORDER_BY_ID, of_order)).one_or_none()
    else:
        row = (await tx.execute(_VISIBLE_ORDER, {**of_order, "user_id": visible_to})).one_or_none()
    if row is None:
        return None
    jobs, labor, products = [(await tx.execute(each, of_order)).all() for each in (_JOBS_OF_ORDER, _LABOR, _PRODUCTS)]
    return order_of(row, jobs, labor, products)


async def next_number(tx: Transaction, center_id: UUID) -> int:
    """The center's next order number. The counter's row stays locked until the order is committed, so none is lost."""
    counted = (
        upsert(order_counter)
        .values(center_id=center_id, last_number=1)
        .on_conflict_do_update(index_elements=["center_id"], set_={"last_number": order_counter.c.last_number + 1})
        .returning(order_counter.c.last_number)
    )
    return int((await tx.execute(counted)).scalar_one())


async def insert_order(tx: Transaction, order: WorkOrder, fact: Recorded) -> None:
    """Adds a new order with the first line of its history."""
    await tx.execute(insert(work_order).values(order_row(order)))
    await _insert_facts(tx, order, [fact])


_CHANGE: Final = (
    update(work_order)
    .where(work_order.c.id == _order_id)
    .values({name: bindparam(f"new_{name}") for name in CHANGING_COLUMNS})
)
_ADD_MOVES: Final = insert(status_history)


async def save_order(tx: Transaction, stored: Stored, facts: Sequence[Recorded]) -> None:
    """Writes what has changed. The order's own row comes last: once it is final, its parts can't be changed."""
    order, before, after = stored.order, stored.rows, part_rows(stored.order)
    await _delete(tx, labor_line, before.labor, after.labor)
    await _delete(tx, product_line, before.products, after.products)
    await _delete(tx, job, before.jobs, after.jobs)
    await _insert_facts(tx, order, facts)
    await _write(tx, job, before.jobs, after.jobs)
    await _write(tx, labor_line, before.labor, after.labor)
    await _write(tx, product_line, before.products, after.products)
    new = {f"new_{name}": value for name, value in changing_columns(order).items()}
    await tx.execute(_CHANGE, {"order_id": order.id, **new})


type _ById = Mapping[UUID, Values]


async def _delete(tx: Transaction, table: Table, before: _ById, after: _ById) -> None:
    gone = [row_id for row_id in before if row_id not in after]
    if gone:
        await tx.execute(delete(table).where(table.c.id == func.any(gone)))


async def _write(tx: Transaction, table: Table, before: _ById, after: _ById) -> None:
    added = [row for row_id, row in after.items() if row_id not in before]
    changed = [row for row_id, row in after.items() if row_id in before and before[row_id] != row]
    if added:
        await tx.execute(insert(table), added)
    if changed:
        names = {name for row in changed for name in row if row[name] != before[row["id"]][name]}
        new_values: Values = {name: bindparam(f"new_{name}") for name in sorted(names)}
        statement = update(table).where(table.c.id == bindparam("row_id")).values(new_values)
        await tx.execute(
            statement, [{"row_id": row["id"], **{f"new_{name}": row[name] for name in names}} for row in changed]
        )


async def _insert_facts(tx: Transaction, order: WorkOrder, facts: Sequence[Recorded]) -> None:
    shared = tenants(order)
    for recorded in facts:
        match recorded.fact:
            case EstimateSent() as sent:
                await tx.execute(insert(estimate).values(shared | _estimate_row(sent, recorded)))
            case EstimateDecided() as decided:
                await tx.execute(insert(decision), list(decision_rows(order, decided.decisions)))
    outcomes = [shared | row for recorded in facts for row in _outcome_row(recorded)]
    if outcomes:
        await tx.execute(insert(estimate_outcome), outcomes)
    moves = [shared | _history_row(recorded) for recorded in facts if recorded.is_transition]
    if moves:
        await tx.execute(_ADD_MOVES, moves)


def _estimate_row(sent: EstimateSent, recorded: Recorded) -> Values:
    return {
        "id": new_id(),
        "version": sent.estimate.version,
        "content": sent.document.text,
        "sha256": sent.document.sha256,
        "total_minor": sent.estimate.total_minor,
        "tolerance_minor": sent.estimate.tolerance_minor,
        "sent_at": sent.estimate.sent_at,
        "sent_by": recorded.by.user_id,
        "valid_until": sent.estimate.valid_until,
    }


def _outcome_row(recorded: Recorded) -> Iterator[Values]:
    match recorded.fact:
        case EstimateDecided(version, _, closed=True):
            yield {"version": version, "outcome": EstimateState.DECIDED, "reason": None, "recorded_at": recorded.at}
        case EstimateSuperseded(version, why):
            yield {"version": version, "outcome": EstimateState.SUPERSEDED, "reason": why, "recorded_at": recorded.at}


def _history_row(recorded: Recorded) -> Values:
    return {
        "id": new_id(),
        "sequence": recorded.sequence,
        "from_status": recorded.previous,
        "to_status": recorded.status,
        "actor_id": recorded.by.user_id,
        "role": recorded.by.role,
        "reason": recorded.reason,
        "occurred_at": recorded.at,
    }
