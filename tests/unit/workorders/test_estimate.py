import hashlib
import json
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
import rfc8785

from tests.unit.workorders.orders import (
    ASSIGNED,
    CAR_OWNER,
    MANAGER,
    NOW,
    answer,
    labor,
    opened,
    order_in,
    send,
    with_job,
)
from workorders.domain.cancel import cancel
from workorders.domain.decision import Choice
from workorders.domain.edit import add_job, change_line, rename_job
from workorders.domain.errors import (
    InvalidInput,
    NothingAuthorised,
    NothingToSend,
    WrongState,
)
from workorders.domain.estimate import VALIDITY
from workorders.domain.expire import expire
from workorders.domain.facts import EstimateSent, EstimateSuperseded, Recorded
from workorders.domain.start import start
from workorders.domain.status import JobStatus, Status
from workorders.domain.withdraw import withdraw


def _sent(recorded: Recorded) -> EstimateSent:
    assert isinstance(recorded.fact, EstimateSent)
    return recorded.fact


def test_a_version_freezes_lines_totals_tolerance_and_validity() -> None:
    order, _ = opened()
    with_job(order)
    (recorded,) = send(order, tolerance=150_00)
    content = json.loads(_sent(recorded).document.text)
    assert content["version"] == 1
    assert content["jobs"][0]["labor"][0]["hours"] == "2"
    assert content["jobs"][0]["products"][0]["price"] == "4200"
    assert content["totals"] == {
        "net_minor": 6000_00,
        "discount_minor": 0,
        "tax_minor": 1200_00,
        "total_minor": 7200_00,
    }
    assert content["tolerance_minor"] == 150_00
    assert content["valid_until"] == "2026-03-16T09:00:00Z"
    assert order.estimate is not None
    assert order.estimate.valid_until == NOW + timedelta(days=14)


def test_the_hash_is_sha256_over_canonical_json() -> None:
    order, _ = opened()
    with_job(order)
    (recorded,) = send(order)
    document = _sent(recorded).document
    assert document.text.encode() == rfc8785.dumps(json.loads(document.text))
    assert document.sha256 == hashlib.sha256(document.text.encode()).hexdigest()
    assert _sent(recorded).estimate.sha256 == document.sha256


def test_a_frozen_version_does_not_follow_later_edits() -> None:
    order = order_in(Status.APPROVED)
    assert order.jobs[0].authorisation is not None
    agreed = order.jobs[0].authorisation.total_minor
    change_line(order, MANAGER, order.jobs[0].id, order.jobs[0].labor[0], labor(hours=Decimal(1)))
    assert order.jobs[0].authorisation.total_minor == agreed
    assert order.amounts.total == agreed - 1500_00


def test_a_job_without_lines_is_not_sent() -> None:
    order, _ = opened()
    add_job(order, MANAGER, uuid4(), "Something")
    with pytest.raises(NothingToSend):
        send(order)
    priced = with_job(order, rate=Decimal(0))
    send(order)
    assert [job.id for job in order.jobs_in(JobStatus.SENT)] == [priced]
    assert [job.title for job in order.jobs_in(JobStatus.PROPOSED)] == ["Something"]


def test_the_discount_of_an_estimate_is_spread_over_its_lines() -> None:
    order, _ = opened()
    with_job(order)
    send(order, discount=100_00)
    shares = [line.order_discount for line in order.jobs[0].lines]
    assert shares == [41_67, 58_33]
    assert order.jobs[0].amounts(order.pricing).total == 7100_00


def test_a_discount_above_the_estimate_is_refused_and_changes_nothing() -> None:
    order, _ = opened()
    with_job(order)
    with pytest.raises(InvalidInput) as refused:
        send(order, discount=7200_01)
    assert refused.value.field == "discount"
    assert (order.status, order.estimate, order.sequence) == (Status.DRAFT, None, 1)


def test_withdrawal_makes_an_undecided_order_a_draft_again() -> None:
    order = order_in(Status.AWAITING_APPROVAL)
    (recorded,) = withdraw(order, ASSIGNED, NOW, reason="A cheaper part was found")
    assert recorded.fact == EstimateSuperseded(1, "withdrawn")
    assert (recorded.previous, recorded.status) == (Status.AWAITING_APPROVAL, Status.DRAFT)
    assert order.jobs[0].status is JobStatus.PROPOSED


def test_withdrawal_of_extra_work_leaves_authorised_jobs_alone() -> None:
    order = order_in(Status.IN_PROGRESS, offered=True)
    (recorded,) = withdraw(order, MANAGER, NOW, reason=None)
    assert not recorded.is_transition
    assert [job.status for job in order.jobs] == [JobStatus.AUTHORISED, JobStatus.PROPOSED]
    with pytest.raises(WrongState):
        withdraw(order, MANAGER, NOW, reason=None)


def test_a_declined_order_can_be_reworked_and_sent_again() -> None:
    order = order_in(Status.DECLINED)
    withdraw(order, MANAGER, NOW, reason=None)
    with pytest.raises(NothingToSend):
        send(order)
    rename_job(order, MANAGER, order.jobs[0].id, "Front brakes, other pads")
    send(order)
    assert order.estimate is not None
    assert order.estimate.version == 2
    assert order.status is Status.AWAITING_APPROVAL


def test_the_discount_of_a_withdrawn_estimate_is_gone() -> None:
    order, _ = opened()
    with_job(order)
    send(order, discount=100_00)
    withdraw(order, MANAGER, NOW, reason=None)
    assert order.jobs[0].amounts(order.pricing).discount == 0


@pytest.mark.parametrize("status", [Status.AWAITING_APPROVAL, Status.DECLINED])
def test_an_undecided_order_becomes_a_draft_when_the_estimates_time_is_over(status: Status) -> None:
    order = order_in(status)
    assert expire(order, 1, NOW + VALIDITY - timedelta(seconds=1)) == []
    (recorded,) = expire(order, 1, NOW + VALIDITY)
    assert recorded.fact == EstimateSuperseded(1, "expired")
    assert order.status is Status.DRAFT
    assert recorded.by.role == "system"


def test_only_unanswered_jobs_expire_once_work_is_agreed() -> None:
    order = order_in(Status.IN_PROGRESS, offered=True)
    (recorded,) = expire(order, 2, NOW + VALIDITY)
    assert not recorded.is_transition
    assert [job.status for job in order.jobs] == [JobStatus.AUTHORISED, JobStatus.PROPOSED]


@pytest.mark.parametrize(
    ("status", "version"),
    [(Status.APPROVED, 1), (Status.DRAFT, 1), (Status.AWAITING_APPROVAL, 2), (Status.COMPLETED, 1)],
)
def test_nothing_expires_that_is_decided_or_replaced(status: Status, version: int) -> None:
    order = order_in(status)
    assert expire(order, version, NOW + VALIDITY) == []
    assert order.status is status


def test_cancelling_takes_the_open_estimate_with_it() -> None:
    order = order_in(Status.AWAITING_APPROVAL)
    superseded, cancelled = cancel(order, CAR_OWNER, NOW, reason="Too expensive")
    assert superseded.fact == EstimateSuperseded(1, "cancelled")
    assert (cancelled.previous, cancelled.status, cancelled.reason) == (
        Status.AWAITING_APPROVAL,
        Status.CANCELLED,
        "Too expensive",
    )
    assert [superseded.sequence, cancelled.sequence] == [3, 4]


def test_the_tolerance_is_the_one_agreed_last() -> None:
    order, _ = opened()
    with_job(order)
    send(order, tolerance=50_00)
    assert order.tolerance_minor == 0
    answer(order, Choice.AUTHORISED)
    assert order.tolerance_minor == 50_00
    with_job(order, "Wipers")
    send(order)
    answer(order, Choice.AUTHORISED)
    assert order.tolerance_minor == 50_00


def test_work_does_not_start_when_every_authorisation_was_voided() -> None:
    order = order_in(Status.APPROVED)
    change_line(order, MANAGER, order.jobs[0].id, order.jobs[0].labor[0], labor(hours=Decimal(9)))
    with pytest.raises(NothingAuthorised):
        start(order, MANAGER, NOW)
    send(order)
    answer(order, Choice.AUTHORISED)
    start(order, MANAGER, NOW)


def test_the_owner_is_told_job_by_job_what_is_to_be_decided() -> None:
    order = order_in(Status.IN_PROGRESS)
    extra: UUID = with_job(order, "Wipers")
    (recorded,) = send(order)
    assert [(job.job_id, job.total_minor, job.status) for job in _sent(recorded).jobs] == [
        (extra, 7200_00, JobStatus.SENT)
    ]
