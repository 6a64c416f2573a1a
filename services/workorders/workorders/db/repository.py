"""Orders saved: what has changed, with its history and, at the end, the snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Table, Uuid, bindparam, delete, func, insert, literal, select, update
from sqlalchemy import table as named
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.db import Transaction
from chassis.ids import new_id
from chassis.prepared import Prepared
from workorders.db.loading import Stored
from workorders.db.models import (
    decision,
    estimate,
    estimate_outcome,
    job,
    labor_line,
    order_counter,
    product_line,
    snapshot,
    status_history,
    work_order,
)
from workorders.db.rows import (
    CHANGING_COLUMNS,
    Values,
    changing_columns,
    decision_rows,
    order_row,
    part_rows,
    tenants,
)
from workorders.domain.estimate import Document
from workorders.domain.facts import EstimateDecided, EstimateSent, EstimateSuperseded, Recorded
from workorders.domain.status import EstimateState
from workorders.domain.work_order import WorkOrder


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
    await tx.execute(insert(status_history), [tenants(order) | _history_row(fact)])


_MOVE_COLUMNS: Final = tuple(column.name for column in status_history.columns)
_SNAPSHOT_COLUMNS: Final = tuple(column.name for column in snapshot.columns)


def _adding(table: Table, columns: Sequence[str]) -> Prepared:
    """One row of the table; its parameters are called as its columns."""
    values = {name: bindparam(name, type_=table.c[name].type) for name in columns}
    return Prepared(insert(table).values(values).returning(literal(1).label("one")))


def _saving(*added: str) -> Prepared:
    """Changes the order's own row once these are there: when it is final, nothing can be added any more."""
    new = {name: bindparam(f"new_{name}", type_=work_order.c[name].type) for name in CHANGING_COLUMNS}
    first = [select(func.count()).select_from(named(each)).scalar_subquery() == 1 for each in added]
    return Prepared(
        update(work_order).where(work_order.c.id == bindparam("order_id", type_=Uuid()), *first).values(new)
    )


_MOVE, _SNAPSHOT = "added_move", "added_snapshot"
_ADD_MOVE: Final = _adding(status_history, _MOVE_COLUMNS)
_ADD_SNAPSHOT: Final = _adding(snapshot, _SNAPSHOT_COLUMNS)
_SAVE: Final = _saving()
_SAVE_MOVED: Final = _saving(_MOVE)
_SAVE_COMPLETED: Final = _saving(_MOVE, _SNAPSHOT)


async def save_order(
    tx: Transaction, stored: Stored, facts: Sequence[Recorded], *, sealed: Document | None = None
) -> None:
    """Writes what has changed. `sealed`: the snapshot, which goes with a completion."""
    order, before, after = stored.order, stored.rows, part_rows(stored.order)
    await _delete(tx, labor_line, before.labor, after.labor)
    await _delete(tx, product_line, before.products, after.products)
    await _delete(tx, job, before.jobs, after.jobs)
    await _insert_facts(tx, order, facts)
    await _write(tx, job, before.jobs, after.jobs)
    await _write(tx, labor_line, before.labor, after.labor)
    await _write(tx, product_line, before.products, after.products)
    await _save_itself(tx, order, facts, sealed)


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


async def _save_itself(tx: Transaction, order: WorkOrder, facts: Sequence[Recorded], sealed: Document | None) -> None:
    """The order's own row, its latest move and its snapshot, in one round trip with the events."""
    values = {"order_id": order.id} | {f"new_{name}": value for name, value in changing_columns(order).items()}
    moves = [tenants(order) | _history_row(recorded) for recorded in facts if recorded.is_transition]
    if not moves:
        tx.put_off(_SAVE.statement(values))
        return
    *earlier, last = moves
    if earlier:
        await tx.execute(insert(status_history), earlier)
    tx.put_off(_ADD_MOVE.statement(last, _MOVE))
    if sealed is None:
        tx.put_off(_SAVE_MOVED.statement(values))
        return
    tx.put_off(_ADD_SNAPSHOT.statement(_snapshot_row(order, sealed), _SNAPSHOT), _SAVE_COMPLETED.statement(values))


def _snapshot_row(order: WorkOrder, sealed: Document) -> Values:
    return tenants(order) | {
        "car_id": order.car_id,
        "content": sealed.text,
        "sha256": sealed.sha256,
        "completed_at": order.closed_at,
    }


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
