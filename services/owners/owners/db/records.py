"""Service entries and expenses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, delete, select, update

from chassis.db import Transaction
from owners.db.bulk import any_of, columns_of, insert_new, insert_new_of_both, update_by_id
from owners.db.models import expense, service_entry
from owners.domain.records import Attestation, Expense, Line, ServiceEntry

_ATTESTATION: Final = Attestation._fields
_UNATTESTED: Final = dict.fromkeys(_ATTESTATION)
_ENTRY_EDITS: Final = (
    "service_date",
    "time_zone",
    "vendor",
    "lines",
    "currency",
    "cost_minor",
    "rate",
    "rate_to",
    "converted_minor",
    "next_due_km",
    "next_due_months",
    "note",
    "updated_at",
    "version",
)
_EXPENSE_EDITS: Final = (
    "expense_date",
    "time_zone",
    "category",
    "amount_minor",
    "currency",
    "rate",
    "rate_to",
    "converted_minor",
    "note",
    "updated_at",
    "version",
)


async def insert_service_entries(tx: Transaction, entries: Sequence[ServiceEntry]) -> set[UUID]:
    """Adds entries; the ids of those whose work order and revision had none yet."""
    return await insert_new(tx, service_entry, [_columns(entry) for entry in entries])


async def insert_expenses(tx: Transaction, expenses: Sequence[Expense]) -> set[UUID]:
    """Adds expenses; the ids of those whose work order and revision had none yet."""
    return await insert_new(tx, expense, [_columns(one) for one in expenses])


async def insert_services(
    tx: Transaction, entries: Sequence[ServiceEntry], expenses: Sequence[Expense]
) -> tuple[set[UUID], set[UUID]]:
    """Adds entries and what they cost; the ids of those of each whose work order and revision had none yet."""
    return await insert_new_of_both(
        tx, (service_entry, [_columns(one) for one in entries]), (expense, [_columns(one) for one in expenses])
    )


async def find_service_entry(tx: Transaction, car_id: UUID, entry_id: UUID) -> ServiceEntry | None:
    """An entry of that car which the caller may see."""
    found = select(service_entry).where(service_entry.c.id == entry_id, service_entry.c.car_id == car_id)
    row = (await tx.execute(found)).mappings().one_or_none()
    return None if row is None else entry_of(row)


async def find_service_entries(tx: Transaction, car_id: UUID, ids: Sequence[UUID]) -> list[ServiceEntry]:
    """Those entries of that car which the caller may see."""
    if not ids:
        return []
    found = select(service_entry).where(service_entry.c.id == any_of(ids), service_entry.c.car_id == car_id)
    return [entry_of(row) for row in (await tx.execute(found.order_by(service_entry.c.id))).mappings()]


async def touch_service_entries(tx: Transaction, touched: Sequence[ServiceEntry]) -> None:
    """Writes new versions of entries in which nothing else is new."""
    rows = [{"id": one.id, "updated_at": one.updated_at, "version": one.version} for one in touched]
    await update_by_id(tx, service_entry, ("updated_at", "version"), rows)


async def find_expense(tx: Transaction, car_id: UUID, expense_id: UUID) -> Expense | None:
    """An expense of that car which the caller may see."""
    return await _expense(tx, expense.c.id == expense_id, expense.c.car_id == car_id)


async def find_expense_of_entry(tx: Transaction, entry_id: UUID) -> Expense | None:
    """What a service cost."""
    return await _expense(tx, expense.c.service_entry_id == entry_id)


async def save_service_entry(tx: Transaction, changed: ServiceEntry) -> None:
    """Writes an edited entry."""
    values = _columns(changed)
    await tx.execute(
        update(service_entry)
        .where(service_entry.c.id == changed.id)
        .values({name: values[name] for name in _ENTRY_EDITS})
    )


async def save_expense(tx: Transaction, changed: Expense) -> None:
    """Writes an edited expense."""
    values = _columns(changed)
    await tx.execute(
        update(expense).where(expense.c.id == changed.id).values({name: values[name] for name in _EXPENSE_EDITS})
    )


async def delete_service_entry(tx: Transaction, entry_id: UUID) -> None:
    """Removes an entry whose readings and expense are gone."""
    await tx.execute(delete(service_entry).where(service_entry.c.id == entry_id))


async def delete_expense(tx: Transaction, expense_id: UUID) -> None:
    """Removes an expense whose readings are gone."""
    await tx.execute(delete(expense).where(expense.c.id == expense_id))


def entry_of(row: RowMapping) -> ServiceEntry:
    """The entry in a row of its table."""
    values = _fields(row)
    return ServiceEntry(**{**values, "lines": tuple(Line(**line) for line in values["lines"])})


def expense_of(row: RowMapping) -> Expense:
    """The expense in a row of its table."""
    return Expense(**_fields(row))


async def _expense(tx: Transaction, *conditions: ColumnElement[bool]) -> Expense | None:
    row = (await tx.execute(select(expense).where(*conditions))).mappings().one_or_none()
    return None if row is None else expense_of(row)


def _columns(record: ServiceEntry | Expense) -> dict[str, Any]:
    values = columns_of(record)
    attestation = values.pop("attestation")
    values.update(_UNATTESTED if attestation is None else columns_of(attestation))
    values["provenance"] = record.provenance
    return values


def _fields(row: RowMapping) -> dict[str, Any]:
    values: dict[str, Any] = {str(name): value for name, value in row.items()}
    attestation = {name: values.pop(name) for name in _ATTESTATION}
    attested = values.pop("provenance") == "attested"
    return values | {"attestation": Attestation(**attestation) if attested else None}
