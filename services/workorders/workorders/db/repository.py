"""Orders: locked, loaded and saved. The row-level security of the tables stands behind every condition here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, bindparam, delete, func, insert, literal, null, or_, select, update
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


def visible_to(user_id: UUID) -> ColumnElement[bool]:
    """Orders of the centers where this person works, and those on his own cars."""
    employed_at = select(employee.c.center_id).where(employee.c.user_id == user_id, employee.c.active)
    return or_(work_order.c.center_id.in_(employed_at), work_order.c.owner_id == user_id)


async def lock_order(tx: Transaction, order_id: UUID, *, user_id: UUID | None) -> Stored | None:
    """The order for a change, or None when this person sees no such order; None as person is a timer.

    Locked by a statement of its own: what is read after it is what the last holder of the lock has committed.
    """
    visible = literal(True) if user_id is None else visible_to(user_id)
    role = null() if user_id is None else role_at(work_order.c.center_id, user_id)
    wanted = select(role.label("staff_role")).select_from(work_order).where(work_order.c.id == order_id, visible)
    locked = (await tx.execute(wanted.with_for_update(of=work_order))).one_or_none()
    order = await load_order(tx, order_id) if locked else None
    return Stored(order, part_rows(order), locked.staff_role) if locked and order else None


async def find_order(tx: Transaction, order_id: UUID, *, user_id: UUID) -> WorkOrder | None:
    """The order for reading, if this person sees it."""
    return await load_order(tx, order_id, visible_to(user_id))


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


async def load_order(tx: Transaction, order_id: UUID, visible: ColumnElement[bool] | None = None) -> WorkOrder | None:
    """The whole aggregate."""
    wanted = _ORDER.where(work_order.c.id == order_id)
    row = (await tx.execute(wanted if visible is None else wanted.where(visible))).one_or_none()
    if row is None:
        return None
    jobs = (await tx.execute(_JOBS.where(job.c.work_order_id == order_id))).all()
    return order_of(row, jobs, await _lines(tx, labor_line, order_id), await _lines(tx, product_line, order_id))


async def _lines(tx: Transaction, table: Table, order_id: UUID) -> Sequence[Any]:
    return (await tx.execute(select(table).where(table.c.work_order_id == order_id).order_by(table.c.position))).all()


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
    await tx.execute(update(work_order).where(work_order.c.id == order.id).values(changing_columns(order)))


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
        await tx.execute(insert(status_history), moves)


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
