"""The car is handed over, and what was done becomes a fact that nobody changes."""

from __future__ import annotations

from dataclasses import dataclass

from workorders.domain.errors import CenterNotApproved, ExceedsAuthorised, JobsUndecided
from workorders.domain.facts import Completed, Recorded
from workorders.domain.odometer import LastReading, Measured, Moment, OdometerOut, accept
from workorders.domain.people import Person
from workorders.domain.permissions import Action
from workorders.domain.status import JobStatus, Status
from workorders.domain.work_order import WorkOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """What completion is judged by, beside the order itself."""

    odometer: OdometerOut
    last_reading: LastReading | None
    center_approved: bool
    staff_has_car: bool

    def attested(self, moment: Moment) -> OdometerOut:
        """The reading as it will stand in the snapshot; raises ImplausibleOdometer."""
        if isinstance(self.odometer, Measured):
            return accept(self.odometer, self.last_reading, moment)
        return self.odometer


def complete(order: WorkOrder, person: Person, moment: Moment, hand_over: HandOver) -> list[Recorded]:
    """Ready becomes completed, for good.

    Raises JobsUndecided, ExceedsAuthorised, CenterNotApproved or ImplausibleOdometer.
    """
    actor = order.permit(person, Action.COMPLETE)
    if order.jobs_in(JobStatus.PROPOSED, JobStatus.SENT):
        raise JobsUndecided("Every job must be authorised, declined or void.")
    if order.exceeds_authorised:
        raise ExceedsAuthorised("The total is above what was authorised and the agreed tolerance.")
    if not hand_over.center_approved:
        raise CenterNotApproved("The service center is not verified: it cannot complete work orders.")
    hand_over.attested(moment)
    order.related_party = order.related_party or hand_over.staff_has_car
    order.closed_at = moment.at
    return [order.record(Completed(), by=actor, at=moment.at, to=Status.COMPLETED)]
