"""Services and expenses."""

from __future__ import annotations

from typing import Any

from contracts import owners as contract
from owners.domain.odometer.recorded import RecordedReading
from owners.domain.records import Attestation, Expense, ServiceEntry
from owners.events.log import By, RecordLog, rate_of


def service_entry_recorded(
    log: RecordLog, entry: ServiceEntry, reading: RecordedReading | None, by: By, *, has_attachment: bool = False
) -> contract.ServiceEntryRecorded:
    """A service was entered or attested."""
    return contract.ServiceEntryRecorded(
        **log.next(by, entry.owner_id),
        **_entry(entry, reading, has_attachment=has_attachment),
        attestation=_attestation(entry.attestation),
    )


def service_entry_changed(
    log: RecordLog,
    entry: ServiceEntry,
    reading: RecordedReading | None,
    by: By,
    *,
    has_attachment: bool,
    voided: bool = False,
) -> contract.ServiceEntryChanged:
    """A service entry after an edit or an amendment."""
    return contract.ServiceEntryChanged(
        **log.next(by, entry.owner_id),
        **_entry(entry, reading, has_attachment=has_attachment),
        attestation=_attestation(entry.attestation),
        voided=voided,
    )


def service_entry_removed(log: RecordLog, entry: ServiceEntry, by: By) -> contract.ServiceEntryRemoved:
    """A service entry is gone."""
    return contract.ServiceEntryRemoved(**log.next(by), provenance=entry.provenance, entry_id=entry.id)


def expense_recorded(log: RecordLog, expense: Expense, by: By) -> contract.ExpenseRecorded:
    """An expense was entered, or came with a service."""
    return contract.ExpenseRecorded(
        **log.next(by, expense.owner_id),
        **_expense(expense),
        service_entry_id=expense.service_entry_id,
        attestation=_attestation(expense.attestation),
    )


def expense_changed(log: RecordLog, expense: Expense, by: By) -> contract.ExpenseChanged:
    """An expense after an edit or an amendment."""
    return contract.ExpenseChanged(**log.next(by, expense.owner_id), **_expense(expense))


def expense_removed(log: RecordLog, expense: Expense, by: By) -> contract.ExpenseRemoved:
    """An expense is gone."""
    return contract.ExpenseRemoved(**log.next(by), provenance=expense.provenance, expense_id=expense.id)


def _entry(entry: ServiceEntry, reading: RecordedReading | None, *, has_attachment: bool = False) -> dict[str, Any]:
    return {
        "provenance": entry.provenance,
        "entry_id": entry.id,
        "service_date": entry.service_date.isoformat(),
        "odometer_km": None if reading is None else reading.reading.km,
        "titles": entry.titles,
        "has_attachment": has_attachment,
    }


def _expense(expense: Expense) -> dict[str, Any]:
    return {
        "provenance": expense.provenance,
        "expense_id": expense.id,
        "expense_date": expense.expense_date.isoformat(),
        "category": expense.category,
        "amount_minor": expense.amount_minor,
        "currency": expense.currency,
        **rate_of(expense.rated),
    }


def attestation_of(attestation: Attestation) -> contract.Attestation:
    """The completed work order behind a record."""
    return contract.Attestation(
        center_id=attestation.center_id,
        work_order_id=attestation.work_order_id,
        snapshot_sha256=attestation.snapshot_sha256,
    )


def _attestation(attestation: Attestation | None) -> contract.Attestation | None:
    return None if attestation is None else attestation_of(attestation)
