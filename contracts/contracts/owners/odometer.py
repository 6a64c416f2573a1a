"""The odometer, reading by reading."""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.event import Data, DecimalText, Kilometres, LocalDate
from contracts.owners.records import RecordEvent
from contracts.owners.values import OdometerUnit, Provenance, ReadingSource, Verdict


class ReadingVerdict(Data):
    """One reading and what is thought of it now."""

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


class OdometerJudged(RecordEvent):
    """A reading came, changed or went: the verdicts that differ now, and the last ok reading after it."""

    event_type: ClassVar[str] = "owners.odometer.judged.v1"

    changed: Annotated[tuple[ReadingVerdict, ...], Field(max_length=500)]
    removed_reading_ids: tuple[UUID, ...] = ()
    last_ok: ReadingVerdict | None
    reading_count: int
    suspect_count: int
    rollback_count: int
