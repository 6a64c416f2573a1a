"""A reading as it is stored: what was read, by whom and for what, and what is thought of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, NamedTuple
from uuid import UUID

from owners.domain.local_time import start_of_day
from owners.domain.odometer.reading import Reading, Unit, canonical_km
from owners.domain.odometer.verdict import Judgement
from owners.domain.records import Attestation, Provenance

type Source = Literal[
    "manual", "fuel", "service", "expense", "appointment_check_in", "work_order", "import", "valuation"
]


@dataclass(frozen=True, slots=True)
class TypedOdometer:
    """What somebody read."""

    value: Decimal
    unit: Unit


@dataclass(frozen=True, slots=True)
class Observed:
    """When somebody read it: the local date, and the instant if it is known."""

    on: date
    at: datetime | None
    time_zone: str


class RecordedReading(NamedTuple):
    """A reading, where it comes from, and what is thought of it (None: not judged yet).

    A new one is of the car's present owner, unless `owner_id` says in whose time it was.
    With a replaced meter it is of the new one at hand-over, or of the removed one.
    """

    reading: Reading
    source: Source
    time_zone: str
    author_id: UUID
    created_at: datetime
    service_entry_id: UUID | None = None
    expense_id: UUID | None = None
    fuel_entry_id: UUID | None = None
    attestation: Attestation | None = None
    judgement: Judgement | None = None
    owner_id: UUID | None = None
    meter_replacement_id: UUID | None = None
    removed_meter: bool = False

    @classmethod
    def typed(
        cls,
        reading_id: UUID,
        odometer: TypedOdometer,
        when: Observed,
        *,
        source: Source,
        author_id: UUID,
        now: datetime,
    ) -> RecordedReading:
        """What a car's owner read and typed."""
        return cls(
            reading=Reading(
                id=reading_id,
                value=odometer.value,
                unit=odometer.unit,
                km=canonical_km(odometer.value, odometer.unit),
                observed_on=when.on,
                observed_at=when.at,
                attested=False,
            ),
            source=source,
            time_zone=when.time_zone,
            author_id=author_id,
            created_at=now,
        )

    @property
    def provenance(self) -> Provenance:
        """Who vouches for it."""
        return "attested" if self.reading.attested else "self_declared"

    @property
    def judgement_in_calm(self) -> Judgement:
        """What is thought of it after a change where the history is calm: a new one is ok, the others stay."""
        if self.reading.replaced:
            return Judgement("replaced")
        return self.judgement or Judgement("ok")

    @property
    def typed_as(self) -> tuple[TypedOdometer, Observed]:
        """What was read, and when."""
        reading = self.reading
        when = Observed(reading.observed_on, reading.observed_at, self.time_zone)
        return TypedOdometer(reading.value, reading.unit), when

    @property
    def listed_at(self) -> datetime:
        """Its place in a list: the instant, or the start of the day where it was read."""
        return self.reading.observed_at or start_of_day(self.reading.observed_on, self.time_zone)

    @property
    def total_km(self) -> int:
        """How far the car had been driven, on all its meters."""
        return self.reading.km + (self.judgement.offset_km if self.judgement is not None else 0)

    @property
    def entry_id(self) -> UUID | None:
        """The service entry, expense or fuel entry that it was read for."""
        return self.service_entry_id or self.expense_id or self.fuel_entry_id
