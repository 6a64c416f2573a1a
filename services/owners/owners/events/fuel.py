"""Fills and charges."""

from __future__ import annotations

from typing import Any

from contracts import owners as contract
from owners.domain.fuel.entry import FuelEntry
from owners.domain.odometer.recorded import RecordedReading
from owners.events.log import By, RecordLog, rate_of


def fuel_entry_recorded(
    log: RecordLog, entry: FuelEntry, reading: RecordedReading | None, by: By
) -> contract.FuelEntryRecorded:
    """A fill or a charge was entered."""
    return contract.FuelEntryRecorded(**log.next(by), **_fuel_entry(entry, reading))


def fuel_entry_changed(
    log: RecordLog, entry: FuelEntry, reading: RecordedReading | None, by: By
) -> contract.FuelEntryChanged:
    """A fuel entry after an edit."""
    return contract.FuelEntryChanged(**log.next(by), **_fuel_entry(entry, reading))


def fuel_entry_removed(log: RecordLog, entry: FuelEntry, by: By) -> contract.FuelEntryRemoved:
    """A fuel entry is gone."""
    return contract.FuelEntryRemoved(**log.next(by), provenance="self_declared", entry_id=entry.id)


def _fuel_entry(entry: FuelEntry, reading: RecordedReading | None) -> dict[str, Any]:
    return {
        "provenance": "self_declared",
        "entry_id": entry.id,
        "filled_on": entry.filled_on.isoformat(),
        "filled_at": entry.filled_at,
        "energy_kind": entry.energy_kind,
        "odometer_km": None if reading is None else reading.reading.km,
        "volume": None if entry.volume is None else format(entry.volume, "f"),
        "volume_unit": entry.volume_unit,
        "unit_price": None if entry.unit_price is None else format(entry.unit_price, "f"),
        "total_minor": entry.total_minor,
        "currency": entry.currency,
        "discount_minor": entry.discount_minor,
        "full": entry.is_full,
        "soc_after": entry.soc_after,
        "missed_before": entry.missed_before,
        **rate_of(entry.rated),
    }
