"""What is thought of a car's readings, and that there is none of late."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import batched
from typing import Final

from contracts import owners as contract
from owners.domain.car import Car
from owners.domain.odometer.history import Outcome
from owners.domain.odometer.meter import MeterReplacement
from owners.domain.odometer.recorded import RecordedReading
from owners.domain.odometer.staleness import LastReading
from owners.events.log import By, RecordLog
from owners.events.records import attestation_of

MAX_CHANGED: Final = 500
"""Verdicts in one event, by contract."""


def odometer_judged(log: RecordLog, outcome: Outcome, by: By) -> Iterator[contract.OdometerJudged]:
    """What changed in the odometer's history; several events when the contract's limit asks for them.

    Doubtful readings, suspect and quarantined alike, are counted as suspect. The provenance is that of the reading
    which led to the judgement, if it is new.
    """
    attested = any(one.reading.attested for one in outcome.new)
    removed, replaced = outcome.removed, tuple(_replaced(one) for one in outcome.replacements)
    verdicts = {one.reading.id: _verdict(one) for one in outcome.changed}
    last = outcome.last_ok
    last_ok = None if last is None else verdicts.get(last.reading.id) or _verdict(last)
    for changed in list(batched(verdicts.values(), MAX_CHANGED)) or [()]:
        yield contract.OdometerJudged(
            **log.next(by),
            provenance="attested" if attested else "self_declared",
            changed=changed,
            removed_reading_ids=removed,
            last_ok=last_ok,
            reading_count=outcome.reading_count,
            suspect_count=outcome.doubtful_count,
            rollback_count=outcome.rollback_count,
            meter_offset_km=outcome.offset_km,
            meter_replacements=replaced,
        )
        removed, replaced = (), ()


def odometer_grown_stale(car: Car, last: LastReading, by: By) -> contract.OdometerGrownStale:
    """The car's owner is asked for a reading."""
    return contract.OdometerGrownStale(
        sequence=car.sequence,
        occurred_at=by.at,
        actor=by.actor,
        car_id=car.id,
        owner_id=car.owner_id,
        plate=car.plate,
        make=car.make,
        model=car.model,
        last_ok=contract.LastReading(
            reading_id=last.id,
            value=format(last.value, "f"),
            unit=last.unit,
            km=last.km,
            observed_on=last.observed_on.isoformat(),
        ),
    )


def _verdict(one: RecordedReading) -> contract.ReadingVerdict:
    if one.judgement is None:
        raise ValueError("a reading is judged before it is published")
    return contract.ReadingVerdict(
        reading_id=one.reading.id,
        source=one.source,
        provenance=one.provenance,
        value=format(one.reading.value, "f"),
        unit=one.reading.unit,
        km=one.reading.km,
        observed_on=one.reading.observed_on.isoformat(),
        observed_at=one.reading.observed_at,
        verdict=one.judgement.verdict,
        candidates_km=one.judgement.candidates_km,
        meter_offset_km=one.judgement.offset_km,
    )


def _replaced(one: MeterReplacement) -> contract.MeterReplaced:
    return contract.MeterReplaced(
        replacement_id=one.id,
        replaced_on=one.replaced_on.isoformat(),
        replaced_at=one.replaced_at,
        removed_km=one.removed_km,
        removed_was_read=one.removed_value is not None,
        installed_km=one.installed_km,
        attestation=attestation_of(one.attestation),
    )
