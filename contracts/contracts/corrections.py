"""Accepted corrections of completed work orders. Like a completion, each carries all that it says: nobody asks back.

A completed order's snapshot never changes. What both sides agreed to change is an *amendment* beside it: revision 2
and on (the snapshot is revision 1), each with a hash of its own. Of what two amendments say, the later revision is in
force; a void is in force for ever.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from contracts.event import Data, LocalDate, MinorUnits, Role, Sha256
from contracts.workorders import NextService, ProductKind, SnapshotOdometer, SnapshotTotals, WorkOrderEvent

type CorrectionKind = Literal["work", "money", "odometer", "void"]
"""What was done, what it cost, what the odometer showed; void: it was another car."""

Revision = Annotated[int, Field(ge=2, description="the completion is revision 1")]


class CorrectionParty(Data):
    """Who proposed or accepted it, in what capacity, and when."""

    user_id: UUID
    role: Role
    at: AwareDatetime


class AmendedLine(Data):
    """A line of the order; its total is what `total_minor` of a snapshot's line is."""

    line_id: UUID
    job_id: UUID
    job_title: str
    kind: Literal["labor"] | ProductKind
    title: str
    total_minor: MinorUnits
    next_service: NextService | None


class AmendedWork(Data):
    """All lines of the order, and their totals."""

    lines: tuple[AmendedLine, ...]
    totals: SnapshotTotals


class WorkChange(Data):
    """The lines and totals that were in force before, and from now on."""

    before: AmendedWork
    after: AmendedWork


class OdometerChange(Data):
    """The reading that was in force before, and from now on."""

    before: SnapshotOdometer
    after: SnapshotOdometer


class Amendment(Data):
    """What an accepted correction says for ever. Its SHA-256 is taken over its RFC 8785 canonical JSON.

    `work` is there for the kinds work and money, `odometer` for the kind odometer, neither for void.
    """

    schema_version: Literal[1]
    work_order_id: UUID
    correction_id: UUID
    revision: Revision
    snapshot_sha256: Sha256
    kind: CorrectionKind
    reason: str
    work: WorkChange | None
    odometer: OdometerChange | None
    proposed: CorrectionParty
    accepted: CorrectionParty

    @model_validator(mode="after")
    def _has_the_parts_of_its_kind(self) -> Self:
        if (self.work is not None, self.odometer is not None) != (
            self.kind in ("work", "money"),
            self.kind == "odometer",
        ):
            raise ValueError("an amendment has the parts that belong to its kind, and no other")
        return self


class CorrectionAccepted(WorkOrderEvent):
    """A completed order was amended. `owner_id` is whose visit it was, whoever owns the car now.

    `completed_on` and `time_zone` are the visit's, so that an amended reading has a local date.
    """

    event_type: ClassVar[str] = "workorders.correction.accepted.v1"

    correction_id: UUID
    revision: Revision
    kind: CorrectionKind
    completed_on: LocalDate
    time_zone: str
    accepted_at: AwareDatetime
    snapshot_sha256: Sha256
    amendment: Amendment
    amendment_sha256: Sha256

    @model_validator(mode="after")
    def _agrees_with_its_amendment(self) -> Self:
        for name in ("work_order_id", "correction_id", "revision", "kind", "snapshot_sha256"):
            if getattr(self, name) != getattr(self.amendment, name):
                raise ValueError(f"{name} is not that of the amendment")
        return self
