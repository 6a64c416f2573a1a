"""Any sequence of actions, by anybody: what is refused changes nothing, and what is done keeps the invariants."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.unit.workorders.orders import (
    ASSIGNED,
    CAR_OWNER,
    HAND_OVER,
    MANAGER,
    MECHANIC,
    NOW,
    OWNER,
    RECEPTIONIST,
    labor,
    opened,
    product,
)
from workorders.canonical import seal
from workorders.domain import edit
from workorders.domain.cancel import cancel
from workorders.domain.complete import complete
from workorders.domain.decide import approve
from workorders.domain.decision import Choice
from workorders.domain.errors import WorkOrderError
from workorders.domain.estimate import VALIDITY
from workorders.domain.expire import expire
from workorders.domain.facts import Recorded
from workorders.domain.finish import check_quality, mark_ready, reopen
from workorders.domain.money import Money
from workorders.domain.odometer import Moment
from workorders.domain.pause import pause, resume
from workorders.domain.people import Person
from workorders.domain.send_estimate import send_estimate
from workorders.domain.start import start
from workorders.domain.status import FINAL, EstimateState, JobStatus, Status
from workorders.domain.withdraw import withdraw
from workorders.domain.work_order import WorkOrder

people = st.sampled_from([MANAGER, MANAGER, MANAGER, OWNER, RECEPTIONIST, ASSIGNED, MECHANIC, CAR_OWNER])
staff = st.sampled_from([MANAGER, OWNER, ASSIGNED])
small = st.integers(1, 4).map(Decimal)
ids = st.uuids()


class OrderMachine(RuleBasedStateMachine):
    @initialize(four_eyes=st.booleans(), steps=st.integers(0, 5), job_id=ids, line_id=ids)
    def open(self, four_eyes: bool, steps: int, job_id: UUID, line_id: UUID) -> None:
        """A draft, and the first steps of its usual way: chance alone seldom finds them."""
        self.order, fact = opened(four_eyes=four_eyes)
        self.facts = [fact]
        self.now = NOW
        self.closed: WorkOrder | None = None
        self.attempt(lambda: edit.add_job(self.order, MANAGER, job_id, "Job"))
        self.attempt(lambda: edit.add_labor(self.order, MANAGER, job_id, line_id, labor()))
        usual = [self._send, self._authorise, self._start, self._hand_in, self._make_ready]
        for step in usual[:steps]:
            self.attempt(step)

    def _send(self) -> list[Recorded]:
        return send_estimate(self.order, MANAGER, self.now, discount=None, tolerance=None, seal=seal)[1]

    def _authorise(self) -> list[Recorded]:
        choices = {job.id: Choice.AUTHORISED for job in self.order.jobs}
        return approve(self.order, CAR_OWNER, self.now, version=1, choices=choices)

    def _start(self) -> list[Recorded]:
        return start(self.order, ASSIGNED, self.now)

    def _hand_in(self) -> list[Recorded]:
        return check_quality(self.order, ASSIGNED, self.now)

    def _make_ready(self) -> list[Recorded]:
        return mark_ready(self.order, OWNER, self.now)

    def attempt(self, action: Callable[[], list[Recorded] | object]) -> None:
        """What is refused leaves the order as it was."""
        before = copy.deepcopy(self.order)
        try:
            done = action()
        except WorkOrderError:
            assert self.order == before
        else:
            assert before.status not in FINAL
            self.facts += done if isinstance(done, list) else []

    # -- edits -------------------------------------------------------------------------------------------------

    @rule(person=people, job_id=ids)
    def add_job(self, person: Person, job_id: UUID) -> None:
        self.attempt(lambda: edit.add_job(self.order, person, job_id, "Job"))

    @precondition(lambda self: self.order.jobs)
    @rule(data=st.data(), person=people, line_id=ids, hours=small, rate=small)
    def add_labor(self, data: st.DataObject, person: Person, line_id: UUID, hours: Decimal, rate: Decimal) -> None:
        job = data.draw(st.sampled_from(self.order.jobs))
        terms = labor(hours=hours, rate=rate)
        self.attempt(lambda: edit.add_labor(self.order, person, job.id, line_id, terms))

    @precondition(lambda self: self.order.jobs)
    @rule(data=st.data(), line_id=ids, price=small)
    def add_product(self, data: st.DataObject, line_id: UUID, price: Decimal) -> None:
        job = data.draw(st.sampled_from(self.order.jobs))
        self.attempt(lambda: edit.add_product(self.order, MANAGER, job.id, line_id, product(price=price)))

    @precondition(lambda self: any(job.labor for job in self.order.jobs))
    @rule(data=st.data(), person=people, hours=small, rate=small, discount=st.integers(0, 500))
    def change_labor(self, data: st.DataObject, person: Person, hours: Decimal, rate: Decimal, discount: int) -> None:
        job = data.draw(st.sampled_from([job for job in self.order.jobs if job.labor]))
        terms = labor(hours=hours, rate=rate, discount=Money(discount, "RUB"))
        self.attempt(lambda: edit.change_line(self.order, person, job.id, job.labor[0], terms))

    @precondition(lambda self: self.order.jobs)
    @rule(data=st.data(), person=people)
    def remove_job(self, data: st.DataObject, person: Person) -> None:
        job = data.draw(st.sampled_from(self.order.jobs))
        self.attempt(lambda: edit.remove_job(self.order, person, job.id))

    @precondition(lambda self: any(job.labor for job in self.order.jobs))
    @rule(data=st.data())
    def remove_labor(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from([job for job in self.order.jobs if job.labor]))
        self.attempt(lambda: edit.remove_labor(self.order, MANAGER, job.id, job.labor[0]))

    # -- estimates ---------------------------------------------------------------------------------------------

    @rule(person=people, discount=st.integers(0, 900), tolerance=st.none() | st.integers(0, 300))
    def send(self, person: Person, discount: int, tolerance: int | None) -> None:
        margin = None if tolerance is None else Money(tolerance, "RUB")

        def sent() -> list[Recorded]:
            return send_estimate(
                self.order, person, self.now, discount=Money(discount, "RUB"), tolerance=margin, seal=seal
            )[1]

        self.attempt(sent)

    @precondition(lambda self: self.order.jobs_in(JobStatus.SENT))
    @rule(data=st.data(), choice=st.sampled_from(Choice), older=st.sampled_from([0, 0, 0, 1]))
    def decide(self, data: st.DataObject, choice: Choice, older: int) -> None:
        sent = st.sampled_from(self.order.jobs_in(JobStatus.SENT))
        choices = {job.id: choice for job in data.draw(st.lists(sent, min_size=1))}
        assert self.order.estimate is not None
        version = self.order.estimate.version - older
        self.attempt(lambda: approve(self.order, CAR_OWNER, self.now, version=version, choices=choices))

    @precondition(lambda self: self.order.estimate)
    @rule(person=people)
    def withdraw(self, person: Person) -> None:
        self.attempt(lambda: withdraw(self.order, person, self.now, reason=None))

    @precondition(lambda self: self.order.estimate)
    @rule()
    def let_estimate_run_out(self) -> None:
        self.now += VALIDITY
        assert self.order.estimate is not None
        self.facts += expire(self.order, self.order.estimate.version, self.now)

    # -- work --------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.order.status is Status.APPROVED)
    @rule(person=staff)
    def start(self, person: Person) -> None:
        self.attempt(lambda: start(self.order, person, self.now))

    @precondition(lambda self: self.order.status is Status.IN_PROGRESS)
    @rule(person=people, to=st.sampled_from([Status.WAITING_PARTS, Status.ON_HOLD]))
    def pause(self, person: Person, to: Status) -> None:
        self.attempt(lambda: pause(self.order, person, self.now, to=to, reason="Later"))  # type: ignore[arg-type]

    @precondition(lambda self: self.order.status in {Status.WAITING_PARTS, Status.ON_HOLD, Status.QUALITY_CHECK})
    @rule(person=people)
    def resume(self, person: Person) -> None:
        self.attempt(lambda: resume(self.order, person, self.now, reason=None))

    @precondition(lambda self: self.order.status is Status.IN_PROGRESS)
    @rule()
    def check_quality(self) -> None:
        self.attempt(lambda: check_quality(self.order, ASSIGNED, self.now))

    @precondition(lambda self: self.order.status in {Status.IN_PROGRESS, Status.QUALITY_CHECK})
    @rule(person=people)
    def mark_ready(self, person: Person) -> None:
        checked_by = self.order.submitted_for_check_by
        self.attempt(lambda: mark_ready(self.order, person, self.now))
        if self.order.status is Status.READY and self.order.four_eyes:
            assert checked_by not in {None, person.user_id}

    @precondition(lambda self: self.order.status is Status.READY)
    @rule(person=people)
    def reopen(self, person: Person) -> None:
        self.attempt(lambda: reopen(self.order, person, self.now, reason=None))

    @precondition(lambda self: self.order.status is Status.READY)
    @rule(person=staff)
    def complete(self, person: Person) -> None:
        moment = Moment(self.now, self.now.date())
        self.attempt(lambda: complete(self.order, person, moment, HAND_OVER))

    @precondition(lambda self: self.order.sequence > 6)
    @rule(person=people)
    def cancel(self, person: Person) -> None:
        self.attempt(lambda: cancel(self.order, person, self.now, reason="Enough"))

    @rule(data=st.data(), person=people)
    def do_anything_at_any_time(self, data: st.DataObject, person: Person) -> None:
        order, now = self.order, self.now
        actions: list[Callable[[], list[Recorded]]] = [
            lambda: withdraw(order, person, now, reason=None),
            lambda: start(order, person, now),
            lambda: pause(order, person, now, to=Status.ON_HOLD, reason="Later"),
            lambda: resume(order, person, now, reason=None),
            lambda: check_quality(order, person, now),
            lambda: mark_ready(order, person, now),
            lambda: reopen(order, person, now, reason=None),
            lambda: complete(order, person, Moment(now, now.date()), HAND_OVER),
        ]
        self.attempt(data.draw(st.sampled_from(actions)))

    @rule(hours=st.integers(1, 48))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    # -- what always holds -------------------------------------------------------------------------------------

    @invariant()
    def facts_are_numbered_without_gaps(self) -> None:
        assert [fact.sequence for fact in self.facts] == list(range(1, self.order.sequence + 1))

    @invariant()
    def every_fact_starts_where_the_one_before_it_ended(self) -> None:
        ends = [None, *(fact.status for fact in self.facts)]
        assert [fact.previous for fact in self.facts] == ends[:-1]
        assert self.facts[-1].status is self.order.status

    @invariant()
    def what_is_closed_stays_as_it_is(self) -> None:
        if self.closed is not None:
            assert self.order == self.closed
        if self.order.status in FINAL:
            self.closed = copy.deepcopy(self.order)

    @invariant()
    def jobs_are_with_the_owner_while_an_estimate_is_open_and_only_then(self) -> None:
        is_open = self.order.estimate is not None and self.order.estimate.state is EstimateState.OPEN
        assert bool(self.order.jobs_in(JobStatus.SENT)) == is_open

    @invariant()
    def a_decision_is_in_force_for_authorised_jobs_and_only_for_them(self) -> None:
        for job in self.order.jobs:
            assert (job.authorisation is not None) == (job.status is JobStatus.AUTHORISED)

    @invariant()
    def nobody_works_without_authorisation(self) -> None:
        if self.order.status in {Status.DRAFT, Status.AWAITING_APPROVAL, Status.DECLINED}:
            assert self.order.authorised_minor == 0
        if self.order.status is Status.COMPLETED:
            assert not self.order.jobs_in(JobStatus.PROPOSED, JobStatus.SENT)
            assert self.order.amounts.total <= self.order.authorised_minor + self.order.tolerance_minor


TestOrderMachine = OrderMachine.TestCase
TestOrderMachine.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
