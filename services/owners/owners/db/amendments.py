"""Amendments of attested work in their table."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from chassis.db import Transaction
from owners.db.bulk import any_of, columns_of, insert_new
from owners.db.models import amendment, expense, service_entry
from owners.db.records import entry_of, expense_of
from owners.domain.amendment import Amendment
from owners.domain.records import Expense, Line, ServiceEntry

IN_FORCE_FIRST: Final = "ORDER BY a.kind = 'void' DESC, a.revision DESC LIMIT 1"
"""Of an entry's amendments that tell of lines or cost, as `a`: the one that counts, as `latest_bill` finds it."""


async def insert_amendments(tx: Transaction, amendments: Sequence[Amendment]) -> set[UUID]:
    """Adds amendments; the ids of those whose work order and revision had none yet."""
    return await insert_new(tx, amendment, [columns_of(one) for one in amendments])


async def amendments_of(tx: Transaction, entry_ids: Collection[UUID]) -> dict[UUID, list[Amendment]]:
    """The amendments of each of these service entries, the oldest first; asks nothing for none."""
    found: dict[UUID, list[Amendment]] = {entry_id: [] for entry_id in entry_ids}
    if entry_ids:
        wanted = select(amendment).where(amendment.c.service_entry_id == any_of(entry_ids))
        for row in (await tx.execute(wanted.order_by(amendment.c.revision))).mappings():
            values: dict[str, Any] = {str(name): value for name, value in row.items()}
            if values["lines"] is not None:
                values["lines"] = tuple(Line(**line) for line in values["lines"])
            found[values["service_entry_id"]].append(Amendment(**values))
    return found


async def attested_by(tx: Transaction, order_ids: Collection[UUID]) -> dict[UUID, tuple[ServiceEntry, Expense]]:
    """What each of these work orders made when it was completed."""
    entries = select(service_entry).where(service_entry.c.work_order_id == any_of(order_ids))
    costs = select(expense).where(expense.c.work_order_id == any_of(order_ids))
    made = [entry_of(row) for row in (await tx.execute(entries)).mappings()]
    cost = {row["service_entry_id"]: expense_of(row) for row in (await tx.execute(costs)).mappings()}
    return {entry.attestation.work_order_id: (entry, cost[entry.id]) for entry in made if entry.attestation}
