"""OdometerHistory: every reading of one car, and what each change of the set does to the verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, NamedTuple
from uuid import UUID

from owners.domain.errors import ReadingIsEvidence
from owners.domain.local_time import start_of_day
from owners.domain.odometer.meter import MeterReplacement
from owners.domain.odometer.reading import Reading, Unit, canonical_km
from owners.domain.odometer.verdict import Judged, Judgement, judge
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


class Outcome(NamedTuple):
    """What must be written and published after the set has changed; `changed` includes `new`.

    `replacements` are new, and `offset_km` is what the present meter shows too little.
    """

    car_id: UUID
    new: tuple[RecordedReading, ...]
    changed: tuple[RecordedReading, ...]
    removed: tuple[UUID, ...]
    last_ok: RecordedReading | None
    reading_count: int
    doubtful_count: int
    rollback_count: int
    replacements: tuple[MeterReplacement, ...] = ()
    offset_km: int = 0


@dataclass(slots=True)
class OdometerHistory:
    """The set of readings of one car, and of its meters' replacements, under its lock."""

    car_id: UUID
    _recorded: dict[UUID, RecordedReading]
    _replacements: tuple[MeterReplacement, ...] = ()
    _new: list[UUID] = field(default_factory=list)
    _removed: list[UUID] = field(default_factory=list)
    _new_replacements: tuple[MeterReplacement, ...] = ()

    @classmethod
    def of(
        cls, car_id: UUID, recorded: Iterable[RecordedReading], replacements: Iterable[MeterReplacement] = ()
    ) -> OdometerHistory:
        """The history as it is stored."""
        return cls(car_id, {one.reading.id: one for one in recorded}, tuple(replacements))

    def add(self, recorded: RecordedReading) -> bool:
        """Adds a reading; False when it, or another of the same work order and revision, is there already."""
        if recorded.reading.id in self._recorded or self._attests(recorded):
            return False
        self._recorded[recorded.reading.id] = recorded
        self._new.append(recorded.reading.id)
        return True

    def replace_meter(self, replacement: MeterReplacement) -> bool:
        """From now on readings are of several meters; False when it, or another of the same revision, is there."""
        key = _key(replacement.attestation)
        if any(one.id == replacement.id or _key(one.attestation) == key for one in self._replacements):
            return False
        self._replacements += (replacement,)
        self._new_replacements += (replacement,)
        return True

    def get(self, reading_id: UUID) -> RecordedReading:
        """A reading of this history, with its verdict once it is settled."""
        return self._recorded[reading_id]

    def reading_of(self, entry_id: UUID) -> RecordedReading | None:
        """The reading in force of a service entry, expense or fuel entry."""
        return next((one for one in self._recorded.values() if one.entry_id == entry_id and _in_force(one)), None)

    def replace(self, entry_id: UUID, by: RecordedReading | None) -> None:
        """Gives an entry another reading, or none: the old one stays, replaced; raises ReadingIsEvidence."""
        old = self.reading_of(entry_id)
        if old is not None:
            _check_no_evidence(old)
            self._recorded[old.reading.id] = old._replace(reading=old.reading._replace(replaced=True))
        if by is not None:
            self.add(by)

    def amend(self, work_order_id: UUID, revision: int | None) -> bool:
        """Lets the readings that a work order attested be replaced, save that of `revision`; whether any was not yet.

        Without a revision the order is void, and with it the replacement of a meter and what the removed one showed.
        Unlike an owner, an accepted correction may replace what shows a rollback.
        """
        if revision is None:
            self._replacements = tuple(
                one._replace(voided=True) if one.attestation.work_order_id == work_order_id else one
                for one in self._replacements
            )
        outdated = [
            one
            for one in self._recorded.values()
            if one.attestation is not None
            and one.attestation.work_order_id == work_order_id
            and (revision is None or (one.attestation.revision != revision and not one.removed_meter))
            and _in_force(one)
        ]
        for one in outdated:
            self._recorded[one.reading.id] = one._replace(reading=one.reading._replace(replaced=True))
        return bool(outdated)

    def remove(self, entry_id: UUID) -> None:
        """Removes every reading that an entry ever had, because the entry goes; raises ReadingIsEvidence."""
        for one in [one for one in self._recorded.values() if one.entry_id == entry_id]:
            _check_no_evidence(one)
            del self._recorded[one.reading.id]
            self._removed.append(one.reading.id)

    def settle(self) -> Outcome | None:
        """Judges the whole set anew; None when neither the set nor any verdict has changed."""
        judged = judge([one.reading for one in self._recorded.values()], self._replacements)
        changed = [
            one._replace(judgement=judged.judgements[one.reading.id])
            for one in self._recorded.values()
            if one.judgement != judged.judgements[one.reading.id]
        ]
        if not changed and not self._removed:
            return None
        self._recorded |= {one.reading.id: one for one in changed}
        return self._outcome(judged, tuple(changed))

    def _outcome(self, judged: Judged, changed: tuple[RecordedReading, ...]) -> Outcome:
        return Outcome(
            car_id=self.car_id,
            new=tuple(self._recorded[id_] for id_ in self._new),
            changed=changed,
            removed=tuple(self._removed),
            last_ok=self._recorded[judged.last_ok] if judged.last_ok else None,
            reading_count=len(self._recorded) - judged.count("replaced"),
            doubtful_count=judged.count("suspect", "quarantined"),
            rollback_count=judged.count("rollback"),
            replacements=self._new_replacements,
            offset_km=judged.offset_km,
        )

    def _attests(self, new: RecordedReading) -> bool:
        if new.attestation is None:
            return False
        key = _key(new.attestation)
        return any(
            one.attestation and _key(one.attestation) == key and one.removed_meter == new.removed_meter
            for one in self._recorded.values()
        )


def _key(attestation: Attestation) -> tuple[UUID, int]:
    return attestation.work_order_id, attestation.revision


def _in_force(one: RecordedReading) -> bool:
    return not one.reading.replaced


def _check_no_evidence(one: RecordedReading) -> None:
    if one.judgement is not None and one.judgement.verdict == "rollback":
        raise ReadingIsEvidence(
            "This reading shows that the odometer was turned back: only a service center's amendment clears that."
        )
