"""Amendments of attested work: what an accepted correction says, and what of a service is in force after it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple
from uuid import UUID

from owners.domain.completion import MeasuredOdometer
from owners.domain.local_time import local_date
from owners.domain.odometer.reading import parse_value
from owners.domain.odometer.recorded import Observed, RecordedReading, TypedOdometer
from owners.domain.records import Attestation, Line, ServiceEntry

ORIGINAL: Final = 1
"""The revision of the completion itself."""

type AmendmentKind = Literal["work", "money", "odometer", "void"]


class Party(NamedTuple):
    """Who proposed or accepted a correction, and in what capacity."""

    user_id: UUID
    role: str


class Billed(NamedTuple):
    """All lines of a work order, what they come to, and when the work is due again."""

    lines: Sequence[Line]
    cost_minor: int
    currency: str
    next_due_km: int | None
    next_due_months: int | None


class Correction(NamedTuple):
    """An accepted correction of a completed work order. `odometer` is None also for a reading that was no reading."""

    car_id: UUID
    center_id: UUID
    work_order_id: UUID
    revision: int
    correction_id: UUID
    kind: AmendmentKind
    reason: str
    billed: Billed | None
    odometer: MeasuredOdometer | None
    time_zone: str
    proposed: Party
    accepted: Party
    accepted_at: datetime
    snapshot_sha256: str
    amendment_sha256: str
    occurred_at: datetime

    def amendment(self, amendment_id: UUID, entry: ServiceEntry) -> Amendment:
        """What it makes of the entry that the work order made; raises WrongEntry for what cannot be meant for it."""
        self._check(entry)
        billed = self.billed
        if self.kind == "void" and entry.currency is not None:
            billed = Billed((), 0, entry.currency, None, None)
        return Amendment(
            id=amendment_id,
            car_id=entry.car_id,
            owner_id=entry.owner_id,
            service_entry_id=entry.id,
            center_id=self.center_id,
            work_order_id=self.work_order_id,
            revision=self.revision,
            correction_id=self.correction_id,
            kind=self.kind,
            reason=self.reason,
            lines=billed and billed.lines,
            cost_minor=billed and billed.cost_minor,
            next_due_km=billed and billed.next_due_km,
            next_due_months=billed and billed.next_due_months,
            proposed_by=self.proposed.user_id,
            proposed_role=self.proposed.role,
            accepted_by=self.accepted.user_id,
            accepted_role=self.accepted.role,
            accepted_at=self.accepted_at,
            snapshot_sha256=self.snapshot_sha256,
            amendment_sha256=self.amendment_sha256,
            created_at=self.occurred_at,
        )

    def reading(self, reading_id: UUID, entry: ServiceEntry) -> RecordedReading | None:
        """What the odometer showed after all, attested as the completion's own reading was; None if nothing did."""
        if self.odometer is None:
            return None
        at = self.odometer.measured_at
        typed = RecordedReading.typed(
            reading_id,
            TypedOdometer(parse_value(self.odometer.value), self.odometer.unit),
            Observed(local_date(at, self.time_zone), at, self.time_zone),
            source="work_order",
            author_id=self.proposed.user_id,
            now=self.accepted_at,
        )
        return typed._replace(
            reading=typed.reading._replace(attested=True),
            service_entry_id=entry.id,
            attestation=Attestation(self.center_id, self.work_order_id, self.revision, self.snapshot_sha256),
            owner_id=entry.owner_id,
        )

    def _check(self, entry: ServiceEntry) -> None:
        if entry.attestation is None or entry.attestation.snapshot_sha256 != self.snapshot_sha256:
            raise WrongEntry("the correction points at another snapshot than the completion did")
        if entry.car_id != self.car_id:
            raise WrongEntry("the correction names another car than the completion did")
        if self.billed is not None and self.billed.currency != entry.currency:
            raise WrongEntry("a correction keeps the currency of the order")


class Amendment(NamedTuple):
    """An accepted correction of an attested entry. `lines` and cost are None where it leaves them as they are."""

    id: UUID
    car_id: UUID
    owner_id: UUID
    service_entry_id: UUID
    center_id: UUID
    work_order_id: UUID
    revision: int
    correction_id: UUID
    kind: AmendmentKind
    reason: str
    lines: Sequence[Line] | None
    cost_minor: int | None
    next_due_km: int | None
    next_due_months: int | None
    proposed_by: UUID
    proposed_role: str
    accepted_by: UUID
    accepted_role: str
    accepted_at: datetime
    snapshot_sha256: str
    amendment_sha256: str
    created_at: datetime


class WrongEntry(ValueError):  # noqa: N818 -- named for the rule that it stands for, as in errors.py
    """A correction that cannot be meant for the entry of its work order."""


class InForce(NamedTuple):
    """What counts of a service after its amendments. `reading_revision` is whose reading it is; None: nobody's."""

    entry: ServiceEntry
    voided: bool
    reading_revision: int | None


def in_force(entry: ServiceEntry, amendments: Sequence[Amendment]) -> InForce:
    """A function of the set of amendments: of each thing the latest revision counts, and a void for ever."""
    billed = latest_bill(amendments)
    if billed is not None and billed.lines is not None:
        entry = entry._replace(
            lines=billed.lines,
            cost_minor=billed.cost_minor,
            next_due_km=billed.next_due_km,
            next_due_months=billed.next_due_months,
        )
    if billed is not None and billed.kind == "void":
        return InForce(entry, voided=True, reading_revision=None)
    readings = [one.revision for one in amendments if one.kind == "odometer"]
    return InForce(entry, voided=False, reading_revision=max(readings, default=ORIGINAL))


def latest_bill(amendments: Iterable[Amendment]) -> Amendment | None:
    """The amendment whose lines and cost count; None: those of the completion do."""
    billed = (one for one in amendments if one.lines is not None)
    return max(billed, key=lambda one: (one.kind == "void", one.revision), default=None)
