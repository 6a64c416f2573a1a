from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest

from tests.unit.workorders.orders import (
    ASSIGNED,
    HAND_OVER,
    MANAGER,
    MECHANIC,
    MOMENT,
    NOW,
    answer,
    labor,
    opened,
    order_in,
    product,
    send,
    with_job,
)
from workorders.domain.complete import complete
from workorders.domain.decision import Choice
from workorders.domain.edit import add_job, add_product, change_line, remove_job
from workorders.domain.errors import (
    CenterNotApproved,
    ExceedsAuthorised,
    ImplausibleOdometer,
    JobsUndecided,
    QualityCheckNotAsked,
    QualityCheckRequired,
)
from workorders.domain.facts import Completed
from workorders.domain.finish import check_quality, mark_ready, reopen
from workorders.domain.lines import NextService
from workorders.domain.odometer import LastReading
from workorders.domain.pause import resume
from workorders.domain.start import start
from workorders.domain.status import JobStatus, Status
from workorders.domain.work_order import WorkOrder


def _complete(order: WorkOrder) -> None:
    complete(order, MANAGER, MOMENT, HAND_OVER)


def _finished(order: WorkOrder) -> WorkOrder:
    start(order, MANAGER, NOW)
    mark_ready(order, MANAGER, NOW)
    return order


def test_completion_is_the_last_fact() -> None:
    order = order_in(Status.READY)
    (recorded,) = complete(order, MANAGER, MOMENT, HAND_OVER)
    assert recorded.fact == Completed()
    assert (recorded.previous, recorded.status) == (Status.READY, Status.COMPLETED)
    assert order.closed_at == NOW


def test_completion_needs_every_job_authorised_declined_or_void() -> None:
    order = order_in(Status.IN_PROGRESS)
    job = add_job(order, MANAGER, uuid4(), "Something that nobody was asked about")
    mark_ready(order, MANAGER, NOW)
    with pytest.raises(JobsUndecided):
        _complete(order)
    reopen(order, MANAGER, NOW, reason=None)
    remove_job(order, MANAGER, job.id)
    mark_ready(order, MANAGER, NOW)
    _complete(order)


def test_void_and_declined_jobs_do_not_hinder_completion_and_are_not_billed() -> None:
    order, _ = opened()
    kept, declined, voided = with_job(order), with_job(order, "Wipers"), with_job(order, "Oil")
    send(order)
    answer(order, Choice.DECLINED, declined)
    answer(order, Choice.AUTHORISED)
    change_line(order, MANAGER, voided, order.job(voided).labor[0], labor(hours=Decimal(9)))
    _complete(_finished(order))
    assert order.amounts.total == order.job(kept).amounts(order.pricing).total


def _with_slack(tolerance: int) -> WorkOrder:
    """Two agreed jobs: one became cheaper by 1,500.00, so that the other could grow by as much."""
    order, _ = opened()
    cheaper, dearer = with_job(order), with_job(order, "Wipers")
    send(order, tolerance=tolerance)
    answer(order, Choice.AUTHORISED)
    change_line(order, MANAGER, cheaper, order.job(cheaper).labor[0], labor(hours=Decimal(1)))
    add_product(order, MANAGER, dearer, uuid4(), product(price=Decimal(1500)))
    remove_job(order, MANAGER, cheaper)
    return _finished(order)


def test_a_total_above_what_was_authorised_is_refused() -> None:
    order = _with_slack(tolerance=1499_99)
    with pytest.raises(ExceedsAuthorised):
        _complete(order)
    assert order.status is Status.READY


def test_the_tolerance_is_allowed() -> None:
    order = _with_slack(tolerance=1500_00)
    _complete(order)
    assert order.amounts.total == order.authorised_minor + order.tolerance_minor


def test_an_unapproved_center_completes_nothing() -> None:
    with pytest.raises(CenterNotApproved):
        complete(order_in(Status.READY), MANAGER, MOMENT, replace(HAND_OVER, center_approved=False))


def test_an_implausible_reading_completes_nothing() -> None:
    order = order_in(Status.READY)
    with pytest.raises(ImplausibleOdometer):
        complete(
            order, MANAGER, MOMENT, replace(HAND_OVER, last_reading=LastReading(200_000, MOMENT.on, observed_at=None))
        )
    assert order.status is Status.READY


def test_an_owner_who_was_employed_meanwhile_makes_it_a_related_party() -> None:
    order = order_in(Status.READY)
    complete(order, MANAGER, MOMENT, replace(HAND_OVER, staff_has_car=True))
    assert order.related_party


def test_a_related_party_stays_one_after_leaving() -> None:
    order, _ = opened(related=True)
    with_job(order)
    send(order)
    answer(order, Choice.AUTHORISED)
    _complete(_finished(order))
    assert order.related_party


def test_work_is_not_ready_while_a_job_is_with_the_owner() -> None:
    with pytest.raises(JobsUndecided):
        mark_ready(order_in(Status.IN_PROGRESS, offered=True), MANAGER, NOW)


def test_work_is_not_checked_while_a_job_is_with_the_owner() -> None:
    with pytest.raises(JobsUndecided):
        check_quality(order_in(Status.IN_PROGRESS, four_eyes=True, offered=True), ASSIGNED, NOW)


def test_four_eyes_need_a_quality_check() -> None:
    order = order_in(Status.IN_PROGRESS, four_eyes=True)
    with pytest.raises(QualityCheckRequired):
        mark_ready(order, MANAGER, NOW)
    check_quality(order, ASSIGNED, NOW)
    resume(order, MECHANIC, NOW, reason="A screw is loose")
    check_quality(order, ASSIGNED, NOW)
    mark_ready(order, MECHANIC, NOW)
    assert order.status is Status.READY


def test_without_four_eyes_there_is_no_quality_check() -> None:
    with pytest.raises(QualityCheckNotAsked):
        check_quality(order_in(Status.IN_PROGRESS), ASSIGNED, NOW)


def test_declined_work_names_its_soonest_interval() -> None:
    order, _ = opened()
    job_id = with_job(order, next_service=NextService(km=40_000, months=None))
    add_product(order, MANAGER, job_id, uuid4(), product(next_service=NextService(km=15_000, months=12)))
    assert order.job(job_id).next_service == NextService(km=15_000, months=12)
    assert order.job(with_job(order)).next_service is None
    assert order.job(job_id).status is JobStatus.PROPOSED
