"""What a completed work order says about a car, in this service's words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from owners.domain.car import Car
from owners.domain.local_time import local_date
from owners.domain.odometer.history import RecordedReading
from owners.domain.odometer.reading import Reading, Unit, canonical_km, parse_value
from owners.domain.records import Attestation, Line, ServiceEntry


class MeasuredOdometer(NamedTuple):
    """The odometer at hand-over, as a center read it. `value` is decimal text."""

    value: str
    unit: Unit
    measured_at: datetime


class Completion(NamedTuple):
    """A completed work order. `odometer` is None when it was declared unreadable."""

    car_id: UUID
    owner_id: UUID
    vin: str | None
    frame_number: str | None
    attestation: Attestation
    work_order_number: int
    center_name: str
    completed_on: date
    completed_by: UUID
    time_zone: str
    lines: Sequence[Line]
    total_minor: int
    currency: str
    next_due_km: int | None
    next_due_months: int | None
    odometer: MeasuredOdometer | None
    occurred_at: datetime

    def service_entry(self, entry_id: UUID, owner_id: UUID) -> ServiceEntry:
        """The one entry that it makes; it costs what the order's total says, 0 included."""
        return ServiceEntry(
            id=entry_id,
            car_id=self.car_id,
            owner_id=owner_id,
            service_date=self.completed_on,
            time_zone=self.time_zone,
            vendor=self.center_name,
            lines=self.lines,
            currency=self.currency,
            cost_minor=self.total_minor,
            next_due_km=self.next_due_km,
            next_due_months=self.next_due_months,
            note=None,
            author_id=self.completed_by,
            attestation=self.attestation,
            work_order_number=self.work_order_number,
            created_at=self.occurred_at,
            updated_at=self.occurred_at,
            version=1,
        )

    def reading(self, reading_id: UUID, entry_id: UUID) -> RecordedReading | None:
        """The one reading that it makes, if any."""
        if self.odometer is None:
            return None
        value = parse_value(self.odometer.value)
        return RecordedReading(
            reading=Reading(
                id=reading_id,
                value=value,
                unit=self.odometer.unit,
                km=canonical_km(value, self.odometer.unit),
                observed_on=local_date(self.odometer.measured_at, self.time_zone),
                observed_at=self.odometer.measured_at,
                attested=True,
            ),
            source="work_order",
            time_zone=self.time_zone,
            author_id=self.completed_by,
            created_at=self.occurred_at,
            service_entry_id=entry_id,
            attestation=self.attestation,
        )

    def names(self, car: Car) -> bool:
        """Whether the center worked on the car that its owner describes: only then is the identity confirmed."""
        return car.identity is not None and (self.vin, self.frame_number) == (car.vin, car.frame_number)
