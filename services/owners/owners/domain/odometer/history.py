"""OdometerHistory: every reading of one car, and what each change of the set does to the verdicts."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, NamedTuple
from uuid import UUID

from owners.domain.errors import ReadingIsEvidence
from owners.domain.local_time import start_of_day
from owners.domain.odometer.calm import Standing
from owners.domain.odometer.part import calm_around, last_of
from owners.domain.odometer.reading import Reading, Unit, canonical_km
from owners.domain.odometer.verdict import MAX_PLAUSIBLE_KM, Judged, Judgement, judge
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
    """A reading, where it comes from, and what is thought of it (None: not judged yet)."""

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
    def entry_id(self) -> UUID | None:
        """The service entry, expense or fuel entry that it was read for."""
        return self.service_entry_id or self.expense_id or self.fuel_entry_id


class Outcome(NamedTuple):
    """What must be written and published after the set has changed; `changed` includes `new`."""

    car_id: UUID
    new: tuple[RecordedReading, ...]
    changed: tuple[RecordedReading, ...]
    removed: tuple[UUID, ...]
    last_ok: RecordedReading | None
    reading_count: int
    doubtful_count: int
    rollback_count: int


@dataclass(slots=True)
class OdometerHistory:
    """The set of readings of one car, under its lock.

    Of a long one only a part is here while `standing` is told: the readings of the entries that are looked at and, once
    it is settled, those around the days that changed. See calm.py.
    """

    car_id: UUID
    _recorded: dict[UUID, RecordedReading]
    standing: Standing | None = None
    _entries: frozenset[UUID] = frozenset()
    _new: list[UUID] = field(default_factory=list)
    _removed: list[UUID] = field(default_factory=list)
    _touched: set[date] = field(default_factory=set)
    _growth: int = 0
    settled: Standing | None = None

    @classmethod
    def of(cls, car_id: UUID, recorded: Iterable[RecordedReading]) -> OdometerHistory:
        """The history as it is stored."""
        return cls(car_id, {one.reading.id: one for one in recorded})

    @classmethod
    def part(
        cls, car_id: UUID, recorded: Iterable[RecordedReading], standing: Standing, entries: Collection[UUID]
    ) -> OdometerHistory:
        """The part of a long history that has its last ok reading and all readings of these entries."""
        return cls(car_id, {one.reading.id: one for one in recorded}, standing, frozenset(entries))

    def add(self, recorded: RecordedReading) -> bool:
        """Adds a reading; False when it, or another of the same work order and revision, is there already."""
        if recorded.reading.id in self._recorded or self._attests(recorded.attestation):
            return False
        self._recorded[recorded.reading.id] = recorded
        self._new.append(recorded.reading.id)
        self._touch(recorded, 1)
        return True

    @property
    def recorded(self) -> Iterable[RecordedReading]:
        """All readings that are here."""
        return self._recorded.values()

    def get(self, reading_id: UUID) -> RecordedReading:
        """A reading of this history, with its verdict once it is settled."""
        return self._recorded[reading_id]

    def reading_of(self, entry_id: UUID) -> RecordedReading | None:
        """The reading in force of a service entry, expense or fuel entry."""
        self._check_known(entry_id)
        return next((one for one in self._recorded.values() if one.entry_id == entry_id and _in_force(one)), None)

    def replace(self, entry_id: UUID, by: RecordedReading | None) -> None:
        """Gives an entry another reading, or none: the old one stays, replaced; raises ReadingIsEvidence."""
        old = self.reading_of(entry_id)
        if old is not None:
            _check_no_evidence(old)
            self._recorded[old.reading.id] = old._replace(reading=old.reading._replace(replaced=True))
            self._touch(old, -1)
        if by is not None:
            self.add(by)

    def remove(self, entry_id: UUID) -> None:
        """Removes every reading that an entry ever had, because the entry goes; raises ReadingIsEvidence."""
        self._check_known(entry_id)
        for one in [one for one in self._recorded.values() if one.entry_id == entry_id]:
            _check_no_evidence(one)
            del self._recorded[one.reading.id]
            self._removed.append(one.reading.id)
            self._touch(one, -1)

    @property
    def touched(self) -> Collection[date]:
        """The days on which the readings in force are others than before."""
        return self._touched

    def complete(self, recorded: Iterable[RecordedReading], *, whole: bool) -> None:
        """Adds stored readings to a part: those of the touched days and of the days next to them, or all there are."""
        gone = set(self._removed)
        for one in recorded:
            if one.reading.id not in gone:
                self._recorded.setdefault(one.reading.id, one)
        if whole:
            self.standing = None

    def stands(self) -> bool:
        """Whether a part is enough to judge its changes: they are where the history is calm, and leave it so."""
        if self.standing is None:
            return True
        calm_after = self.standing.calm_after
        if calm_after is None or any(day <= calm_after for day in self._touched):
            return False
        return calm_around(self._touched, self._in_force(), max_km=MAX_PLAUSIBLE_KM)

    def settle(self) -> Outcome | None:
        """Judges the whole set anew; None when neither the set nor any verdict has changed. A part must stand."""
        judged = self._judged()
        changed = [
            one._replace(judgement=judged.judgements[one.reading.id])
            for one in self._recorded.values()
            if one.judgement != judged.judgements[one.reading.id]
        ]
        self.settled = self._settled(judged)
        if not changed and not self._removed:
            return None
        self._recorded |= {one.reading.id: one for one in changed}
        return Outcome(
            car_id=self.car_id,
            new=tuple(self._recorded[id_] for id_ in self._new),
            changed=tuple(changed),
            removed=tuple(self._removed),
            last_ok=self._recorded[judged.last_ok] if judged.last_ok else None,
            reading_count=self.settled.reading_count,
            doubtful_count=self.settled.doubtful_count,
            rollback_count=self.settled.rollback_count,
        )

    def _judged(self) -> Judged:
        if self.standing is None:
            return judge([one.reading for one in self._recorded.values()])
        if not self.stands():
            raise ValueError("this part of a history does not say what becomes of the rest")
        return Judged(
            {id_: one.judgement_in_calm for id_, one in self._recorded.items()},
            last_of(self._in_force()),
            self.standing.calm_after,
        )

    def _settled(self, judged: Judged) -> Standing:
        if self.standing is not None:
            return self.standing._replace(reading_count=self.standing.reading_count + self._growth)
        return Standing(
            judged.calm_after,
            len(self._recorded) - judged.count("replaced"),
            judged.count("suspect", "quarantined"),
            judged.count("rollback"),
        )

    def _in_force(self) -> list[Reading]:
        return [one.reading for one in self._recorded.values() if _in_force(one)]

    def _touch(self, one: RecordedReading, growth: int) -> None:
        if not one.reading.replaced:
            self._touched.add(one.reading.observed_on)
            self._growth += growth

    def _check_known(self, entry_id: UUID) -> None:
        """Of a part, the readings of other entries are not here, which is not to be taken for there being none."""
        if self.standing is not None and entry_id not in self._entries:
            raise LookupError(f"the readings of the entry {entry_id} were not loaded")

    def _attests(self, attestation: Attestation | None) -> bool:
        if attestation is None:
            return False
        key = attestation.work_order_id, attestation.revision
        return any(
            one.attestation and (one.attestation.work_order_id, one.attestation.revision) == key
            for one in self._recorded.values()
        )


def _in_force(one: RecordedReading) -> bool:
    return not one.reading.replaced


def _check_no_evidence(one: RecordedReading) -> None:
    if one.judgement is not None and one.judgement.verdict == "rollback":
        raise ReadingIsEvidence(
            "This reading shows that the odometer was turned back: only a service center's amendment clears that."
        )
