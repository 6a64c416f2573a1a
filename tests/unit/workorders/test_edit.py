from collections.abc import Callable
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from tests.unit.workorders.orders import (
    ASSIGNED,
    MANAGER,
    MECHANIC,
    answer,
    labor,
    opened,
    order_in,
    product,
    send,
    with_job,
)
from workorders.domain.decision import Choice
from workorders.domain.edit import (
    add_job,
    add_labor,
    add_product,
    change_line,
    remove_job,
    remove_labor,
    rename_job,
)
from workorders.domain.errors import InvalidInput, JobLocked, UnknownJob, UnknownLine
from workorders.domain.job import Job
from workorders.domain.lines import LaborTerms
from workorders.domain.money import Money
from workorders.domain.status import JobStatus, Status
from workorders.domain.work_order import MAX_JOBS, MAX_LINES, MAX_TEXT_BYTES, WorkOrder


def _authorised(tolerance: int = 0) -> tuple[WorkOrder, Job]:
    order, _ = opened()
    with_job(order)
    send(order, tolerance=tolerance)
    answer(order, Choice.AUTHORISED)
    return order, order.jobs[0]


def _change_labor(order: WorkOrder, job: Job, terms: LaborTerms) -> None:
    change_line(order, MANAGER, job.id, job.labor[0], terms)


@pytest.mark.parametrize(
    "raised",
    [
        labor(hours=Decimal("2.5")),
        labor(rate=Decimal("1500.01")),
        labor(hours=Decimal(3), rate=Decimal(500)),  # cheaper as a whole, but more hours than agreed
    ],
)
def test_raising_quantity_or_price_of_an_authorised_job_voids_its_authorisation(raised: LaborTerms) -> None:
    order, job = _authorised(tolerance=10**9)
    _change_labor(order, job, raised)
    assert job.status is JobStatus.VOID
    assert order.authorised_minor == 0


@pytest.mark.parametrize(
    "changed",
    [
        labor(hours=Decimal(1)),
        labor(rate=Decimal(1000)),
        labor(mechanic_id=MECHANIC.user_id),
        labor(operation="Replace the pads and clean the caliper"),
        labor(discount=Money(100, "RUB")),
    ],
)
def test_an_edit_that_costs_the_owner_nothing_keeps_the_authorisation(changed: LaborTerms) -> None:
    order, job = _authorised()
    _change_labor(order, job, changed)
    assert job.status is JobStatus.AUTHORISED
    assert not order.exceeds_authorised


def test_a_line_added_to_an_authorised_job_voids_it_beyond_the_tolerance() -> None:
    order, job = _authorised(tolerance=50_00)
    add_product(order, MANAGER, job.id, uuid4(), product(price=Decimal(50)))
    within = job.status
    add_product(order, MANAGER, job.id, uuid4(), product(price=Decimal("0.01")))
    assert [within, job.status] == [JobStatus.AUTHORISED, JobStatus.VOID]


def test_an_edit_that_makes_the_job_cheaper_never_voids_it() -> None:
    order, _ = opened()
    cheaper, dearer = with_job(order), with_job(order, "Wipers")
    send(order)
    answer(order, Choice.AUTHORISED)
    change_line(order, MANAGER, cheaper, order.job(cheaper).labor[0], labor(hours=Decimal(1)))
    add_product(order, MANAGER, dearer, uuid4(), product(price=Decimal(1500)))
    remove_job(order, MANAGER, cheaper)
    assert order.exceeds_authorised
    change_line(order, MANAGER, dearer, order.job(dearer).labor[0], labor(rate=Decimal(1499)))
    assert order.job(dearer).status is JobStatus.AUTHORISED


def test_less_discount_or_more_tax_counts_against_the_tolerance() -> None:
    order, _ = opened()
    with_job(order, discount=Money(500_00, "RUB"))
    send(order)
    answer(order, Choice.AUTHORISED)
    _change_labor(order, order.jobs[0], labor(discount=Money(499_99, "RUB")))
    assert order.jobs[0].status is JobStatus.VOID


def test_a_job_without_authorisation_neither_counts_as_agreed_nor_as_billed() -> None:
    order, job = _authorised()
    with_job(order, "Wipers")
    assert order.authorised_minor == order.amounts.total == job.amounts(order.pricing).total


LOCKED_EDITS: dict[str, Callable[[WorkOrder, Job], object]] = {
    "rename": lambda order, job: rename_job(order, MANAGER, job.id, "Blades"),
    "remove": lambda order, job: remove_job(order, MANAGER, job.id),
    "add a line": lambda order, job: add_labor(order, MANAGER, job.id, uuid4(), labor()),
    "change a line": lambda order, job: _change_labor(order, job, labor(hours=Decimal(1))),
    "remove a line": lambda order, job: remove_labor(order, MANAGER, job.id, job.labor[0]),
}


@pytest.mark.parametrize("edit", LOCKED_EDITS)
def test_a_job_that_is_with_the_owner_is_locked(edit: str) -> None:
    order, _ = _authorised()
    job = order.job(with_job(order, "Wipers"))
    send(order)
    with pytest.raises(JobLocked):
        LOCKED_EDITS[edit](order, job)
    assert (job.title, len(job.labor)) == ("Wipers", 1)


def test_declined_work_stays_on_record_and_is_offered_anew_by_an_edit() -> None:
    order = order_in(Status.AWAITING_APPROVAL)
    second = with_job_while_draft(order)
    answer(order, Choice.DECLINED, second)
    answer(order, Choice.AUTHORISED)
    with pytest.raises(JobLocked):
        remove_job(order, MANAGER, second)
    rename_job(order, MANAGER, second, "Wipers, cheaper ones")
    assert order.job(second).status is JobStatus.PROPOSED
    remove_job(order, MANAGER, second)
    assert [job.id for job in order.jobs] == [order.jobs[0].id]


def with_job_while_draft(order: WorkOrder) -> UUID:
    """The order as if a second job had been sent with the first."""
    job = Job(id=uuid4(), title="Wipers", status=JobStatus.SENT)
    job.add_labor(uuid4(), labor())
    order.jobs.append(job)
    return job.id


def test_mechanics_are_assigned_by_labor_lines() -> None:
    order, _ = opened()
    assert order.mechanic_ids == frozenset()
    with_job(order)
    assert order.mechanic_ids == {ASSIGNED.user_id}
    job = order.jobs[0]
    remove_labor(order, MANAGER, job.id, job.labor[0])
    assert order.mechanic_ids == frozenset()


def test_an_order_has_at_most_300_lines() -> None:
    order, _ = opened()
    job = add_job(order, MANAGER, uuid4(), "Everything")
    for _ in range(MAX_LINES):
        add_labor(order, MANAGER, job.id, uuid4(), labor())
    with pytest.raises(InvalidInput) as refused:
        add_product(order, MANAGER, job.id, uuid4(), product())
    assert refused.value.code == "too_many_lines"
    assert order.line_count == MAX_LINES


def test_an_order_has_at_most_100_jobs() -> None:
    order, _ = opened()
    for number in range(MAX_JOBS):
        add_job(order, MANAGER, uuid4(), f"Job {number}")
    with pytest.raises(InvalidInput) as refused:
        add_job(order, MANAGER, uuid4(), "One more")
    assert refused.value.code == "too_many_jobs"


def test_text_is_bounded_and_a_replaced_text_makes_place() -> None:
    order, _ = opened()
    job = add_job(order, MANAGER, uuid4(), "j")
    add_labor(order, MANAGER, job.id, uuid4(), labor(operation="x" * (MAX_TEXT_BYTES - 100)))
    with pytest.raises(InvalidInput) as refused:
        add_job(order, MANAGER, uuid4(), "y" * 100)
    assert refused.value.code == "too_much_text"
    _change_labor(order, job, labor(operation="x"))
    add_job(order, MANAGER, uuid4(), "y" * 100)


def test_what_the_customer_brought_is_not_charged() -> None:
    with pytest.raises(InvalidInput) as refused:
        product(customer_supplied=True)
    assert refused.value.field == "price"
    assert product(customer_supplied=True, price=Decimal(0)).customer_supplied


def test_a_discount_is_at_most_the_amount() -> None:
    order, _ = opened()
    job = add_job(order, MANAGER, uuid4(), "Brakes")
    with pytest.raises(InvalidInput) as refused:
        add_labor(order, MANAGER, job.id, uuid4(), labor(discount=Money(3000_01, "RUB")))
    assert refused.value.code == "discount_exceeds_amount"
    add_labor(order, MANAGER, job.id, uuid4(), labor(discount=Money(3000_00, "RUB")))
    assert job.amounts(order.pricing).total == 0


def test_unknown_jobs_and_lines_are_not_found() -> None:
    order, job = _authorised()
    with pytest.raises(UnknownJob):
        remove_job(order, MANAGER, uuid4())
    with pytest.raises(UnknownLine):
        job.labor_line(job.products[0].id)
    with pytest.raises(UnknownLine):
        job.product_line(job.labor[0].id)
