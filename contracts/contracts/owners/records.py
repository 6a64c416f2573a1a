"""What is recorded of a car: services and expenses."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from contracts.event import Currency, Data, DecimalText, Event, Kilometres, LocalDate, MinorUnits, Sha256
from contracts.owners.values import Provenance


class RecordEvent(Event):
    """Something was written into a car's history; `sequence` counts the history of that car."""

    topic: ClassVar[str] = "owners.record"
    key_field: ClassVar[str] = "car_id"
    subject_field: ClassVar[str] = "car_id"

    car_id: UUID
    owner_id: UUID
    provenance: Provenance


class Attestation(Data):
    """Where an attested record comes from."""

    center_id: UUID
    work_order_id: UUID
    snapshot_sha256: Sha256


class ServiceEntryRecorded(RecordEvent):
    """A service was entered by hand or attested by a completed work order."""

    event_type: ClassVar[str] = "owners.service-entry.recorded.v1"

    entry_id: UUID
    service_date: LocalDate
    odometer_km: Kilometres | None
    titles: tuple[str, ...]
    has_attachment: bool
    attestation: Attestation | None


class ServiceEntryChanged(RecordEvent):
    """A self-declared service entry was edited, or an attested one amended; what is in force after it.

    `voided`: an accepted correction says that it was another car; nothing of it counts.
    """

    event_type: ClassVar[str] = "owners.service-entry.changed.v1"

    entry_id: UUID
    service_date: LocalDate
    odometer_km: Kilometres | None
    titles: tuple[str, ...]
    has_attachment: bool
    attestation: Attestation | None = None
    voided: bool = False


class ServiceEntryRemoved(RecordEvent):
    """A self-declared service entry was removed."""

    event_type: ClassVar[str] = "owners.service-entry.removed.v1"

    entry_id: UUID


class ExpenseRecorded(RecordEvent):
    """An expense was entered by hand or by a completed work order."""

    event_type: ClassVar[str] = "owners.expense.recorded.v1"

    expense_id: UUID
    expense_date: LocalDate
    category: str
    amount_minor: MinorUnits
    currency: Currency
    service_entry_id: UUID | None
    attestation: Attestation | None
    rate: DecimalText | None = None
    rate_to: Currency | None = None
    converted_minor: MinorUnits | None = None


class ExpenseChanged(RecordEvent):
    """A self-declared expense was edited, or an attested one amended; what is in force after it."""

    event_type: ClassVar[str] = "owners.expense.changed.v1"

    expense_id: UUID
    expense_date: LocalDate
    category: str
    amount_minor: MinorUnits
    currency: Currency
    rate: DecimalText | None = None
    rate_to: Currency | None = None
    converted_minor: MinorUnits | None = None


class ExpenseRemoved(RecordEvent):
    """A self-declared expense was removed."""

    event_type: ClassVar[str] = "owners.expense.removed.v1"

    expense_id: UUID
