"""OdometerHistory: every reading of one car, and what each change of the set does to the verdicts."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID

from owners.domain.errors import ReadingIsEvidence
from owners.domain.odometer.calm import Standing
from owners.domain.odometer.meter import MeterReplacement
from owners.domain.odometer.part import calm_around, last_of
from owners.domain.odometer.reading import Reading
from owners.domain.odometer.recorded import RecordedReading
from owners.domain.odometer.verdict import MAX_PLAUSIBLE_KM, Judged, judge
from owners.domain.records import Attestation


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
    """The set of readings of one car, and of its meters' replacements, under its lock.

    Of a long one only a part is here while `standing` is told: the readings of the entries that are looked at and, once
    it is settled, those around the days that changed. See calm.py.
    """

    car_id: UUID
    _recorded: dict[UUID, RecordedReading]
    _replacements: tuple[MeterReplacement, ...] = ()
    standing: Standing | None = None
    _entries: frozenset[UUID] = frozenset()
    _new: list[UUID] = field(default_factory=list)
    _removed: list[UUID] = field(default_factory=list)
    _new_replacements: tuple[MeterReplacement, ...] = ()
    _touched: set[date] = field(default_factory=set)
    _growth: int = 0
    settled: Standing | None = None

    @classmethod
    def of(
        cls, car_id: UUID, recorded: Iterable[RecordedReading], replacements: Iterable[MeterReplacement] = ()
    ) -> OdometerHistory:
        """The history as it is stored."""
        return cls(car_id, {one.reading.id: one for one in recorded}, tuple(replacements))

    @classmethod
    def part(
        cls, car_id: UUID, recorded: Iterable[RecordedReading], standing: Standing, entries: Collection[UUID]
    ) -> OdometerHistory:
        """The part of a long history that has its last ok reading and all readings of these entries."""
        return cls(car_id, {one.reading.id: one for one in recorded}, standing=standing, _entries=frozenset(entries))

    def add(self, recorded: RecordedReading) -> bool:
        """Adds a reading; False when it, or another of the same work order and revision, is there already."""
        if recorded.reading.id in self._recorded or self._attests(recorded):
            return False
        self._recorded[recorded.reading.id] = recorded
        self._new.append(recorded.reading.id)
        self._touch(recorded, 1)
        return True

    def replace_meter(self, replacement: MeterReplacement) -> bool:
        """From now on readings are of several meters; False when it, or another of the same revision, is there."""
        if self.standing is not None:
            raise LookupError("a part of a history says nothing of meters")
        key = _key(replacement.attestation)
        if any(one.id == replacement.id or _key(one.attestation) == key for one in self._replacements):
            return False
        self._replacements += (replacement,)
        self._new_replacements += (replacement,)
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
            replacements=self._new_replacements,
            offset_km=judged.offset_km,
        )

    def _judged(self) -> Judged:
        if self.standing is None:
            return judge([one.reading for one in self._recorded.values()], self._replacements)
        if not self.stands():
            raise ValueError("this part of a history does not say what becomes of the rest")
        return Judged(
            {id_: one.judgement_in_calm for id_, one in self._recorded.items()},
            last_of(self._in_force()),
            calm_after=self.standing.calm_after,
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
