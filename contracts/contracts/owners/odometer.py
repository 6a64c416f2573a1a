"""The odometer, reading by reading."""

from __future__ import annotations

from operator import not_
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.event import Data, DecimalText, Event, Kilometres, LocalDate
from contracts.owners.records import Attestation, RecordEvent
from contracts.owners.values import OdometerUnit, Provenance, ReadingSource, Verdict

# Left out where no meter was ever replaced, so that such an event says what it always said.
OffsetKm = Annotated[int, Field(exclude_if=not_, description="what earlier meters of the car counted, in km")]


class ReadingVerdict(Data):
    """One reading and what is thought of it now.

    `km` is what the meter shows; with `meter_offset_km`, which earlier meters of the car counted, it is how far the
    car has been driven, and what readings of different meters may be compared by.
    """

    reading_id: UUID
    source: ReadingSource
    provenance: Provenance
    value: DecimalText
    unit: OdometerUnit
    km: Kilometres
    observed_on: LocalDate
    observed_at: AwareDatetime | None
    verdict: Verdict
    candidates_km: tuple[Kilometres, ...] = ()
    meter_offset_km: OffsetKm = 0


class MeterReplaced(Data):
    """A service center put in another meter: the old one ended at `removed_km`, the new one began at `installed_km`.

    Where the old one could not be read, `removed_km` is the car's last good reading.
    """

    replacement_id: UUID
    replaced_on: LocalDate
    replaced_at: AwareDatetime
    removed_km: Kilometres
    removed_was_read: bool
    installed_km: Kilometres
    attestation: Attestation


class OdometerJudged(RecordEvent):
    """A reading came, changed or went: the verdicts that differ now, and the last ok reading after it.

    `meter_offset_km` is of the meter that is in the car now; `meter_replacements` are those told for the first time.
    """

    event_type: ClassVar[str] = "owners.odometer.judged.v1"

    changed: Annotated[tuple[ReadingVerdict, ...], Field(max_length=500)]
    removed_reading_ids: tuple[UUID, ...] = ()
    last_ok: ReadingVerdict | None
    reading_count: int
    suspect_count: int
    rollback_count: int
    meter_offset_km: OffsetKm = 0
    meter_replacements: Annotated[tuple[MeterReplaced, ...], Field(exclude_if=not_)] = ()


class LastReading(Data):
    """A car's last ok reading: as it was entered, and in kilometres."""

    reading_id: UUID
    value: DecimalText
    unit: OdometerUnit
    km: Kilometres
    observed_on: LocalDate


class OdometerGrownStale(Event):
    """The last ok reading of a car is so old that its owner is asked for another one, at most once in 30 days.

    Nothing of the car changed; `sequence` counts on with the other events of the car.
    """

    event_type: ClassVar[str] = "owners.odometer.grown-stale.v1"
    topic: ClassVar[str] = "owners.car"
    key_field: ClassVar[str] = "car_id"
    subject_field: ClassVar[str] = "car_id"

    car_id: UUID
    owner_id: UUID
    plate: str | None
    make: str | None
    model: str | None
    last_ok: LastReading
