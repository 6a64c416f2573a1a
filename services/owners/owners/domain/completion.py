"""What a completed work order says about a car, in this service's words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from owners.domain.car import Car
from owners.domain.local_time import local_date
from owners.domain.odometer.meter import MeterReplacement
from owners.domain.odometer.reading import Reading, Unit, canonical_km, parse_value
from owners.domain.odometer.recorded import RecordedReading
from owners.domain.records import Attestation, Line, ServiceEntry


class MeasuredOdometer(NamedTuple):
    """The odometer at hand-over, as a center read it. `value` is decimal text."""

    value: str
    unit: Unit
    measured_at: datetime


class ReplacedMeter(NamedTuple):
    """The meter that a center took out and the one that it put in. Values are decimal text.

    `removed_value` is None when the old one could not be read: it counts up to `removed_km` all the same.
    """

    removed_value: str | None
    removed_unit: Unit
    removed_km: int
    installed_value: str
    installed_unit: Unit
    reason: str


class Completion(NamedTuple):
    """A completed work order. `odometer` is None when it was declared unreadable; then `meter` is None as well."""

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
    meter: ReplacedMeter | None = None

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
        """The one reading at hand-over that it makes, if any."""
        if self.odometer is None:
            return None
        read = self._read(reading_id, self.odometer.value, self.odometer.unit, self.odometer.measured_at)
        return read._replace(service_entry_id=entry_id)

    def replacement(self, replacement_id: UUID) -> MeterReplacement | None:
        """The one replacement of a meter that it attests, if any."""
        if self.odometer is None or self.meter is None:
            return None
        meter, at = self.meter, self.odometer.measured_at
        removed = None if meter.removed_value is None else parse_value(meter.removed_value)
        installed = parse_value(meter.installed_value)
        return MeterReplacement(
            id=replacement_id,
            removed_value=removed,
            removed_unit=meter.removed_unit,
            removed_km=meter.removed_km if removed is None else canonical_km(removed, meter.removed_unit),
            installed_value=installed,
            installed_unit=meter.installed_unit,
            installed_km=canonical_km(installed, meter.installed_unit),
            replaced_on=local_date(at, self.time_zone),
            replaced_at=at,
            time_zone=self.time_zone,
            reason=meter.reason,
            author_id=self.completed_by,
            created_at=self.occurred_at,
            attestation=self.attestation,
        )

    def last_of(self, replacement: MeterReplacement, reading_id: UUID) -> RecordedReading | None:
        """The last reading of the meter that was taken out, if it could be read; at what time of the day is unknown."""
        if self.meter is None or self.meter.removed_value is None:
            return None
        read = self._read(reading_id, self.meter.removed_value, self.meter.removed_unit, replacement.replaced_at)
        day_only = read.reading._replace(observed_at=None)
        return read._replace(reading=day_only, meter_replacement_id=replacement.id, removed_meter=True)

    def _read(self, reading_id: UUID, text: str, unit: Unit, at: datetime) -> RecordedReading:
        value = parse_value(text)
        return RecordedReading(
            reading=Reading(
                id=reading_id,
                value=value,
                unit=unit,
                km=canonical_km(value, unit),
                observed_on=local_date(at, self.time_zone),
                observed_at=at,
                attested=True,
            ),
            source="work_order",
            time_zone=self.time_zone,
            author_id=self.completed_by,
            created_at=self.occurred_at,
            attestation=self.attestation,
        )

    def names(self, car: Car) -> bool:
        """Whether the center worked on the car that its owner describes: only then is the identity confirmed."""
        return car.identity is not None and (self.vin, self.frame_number) == (car.vin, car.frame_number)
