"""Fills and charges."""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.event import Currency, DecimalText, Kilometres, LocalDate, MinorUnits
from contracts.owners.records import RecordEvent
from contracts.owners.values import EnergyKind, VolumeUnit


class FuelEntryState(RecordEvent):
    """The full state of a fill or a charge, but for the words: neither where nor what was noted. Self-declared always.

    What is not known is null; the volume is in `volume_unit`, the unit price per that unit. A discount is what volume x
    unit price comes to beyond the total; `converted_minor` is the total in `rate_to`, by the rate of this entry.
    """

    entry_id: UUID
    filled_on: LocalDate
    filled_at: AwareDatetime | None
    energy_kind: EnergyKind
    odometer_km: Kilometres | None
    volume: DecimalText | None
    volume_unit: VolumeUnit
    unit_price: DecimalText | None
    total_minor: MinorUnits | None
    currency: Currency | None
    discount_minor: MinorUnits | None
    full: bool
    soc_after: Annotated[int, Field(ge=0, le=100)] | None
    missed_before: bool
    rate: DecimalText | None = None
    rate_to: Currency | None = None
    converted_minor: MinorUnits | None = None


class FuelEntryRecorded(FuelEntryState):
    """A fill or a charge was entered."""

    event_type: ClassVar[str] = "owners.fuel-entry.recorded.v1"


class FuelEntryChanged(FuelEntryState):
    """A fuel entry was edited; the state after it."""

    event_type: ClassVar[str] = "owners.fuel-entry.changed.v1"


class FuelEntryRemoved(RecordEvent):
    """A fuel entry was removed."""

    event_type: ClassVar[str] = "owners.fuel-entry.removed.v1"

    entry_id: UUID
