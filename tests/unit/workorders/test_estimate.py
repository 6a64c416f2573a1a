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
    RECEPTIONIST,
    answer,
    labor,
    opened,
    order_in,
    send,
    with_job,
)
from workorders.domain.cancel import cancel
from workorders.domain.decide import approve, record_consent
from workorders.domain.decision import Choice, Evidence
from workorders.domain.edit import add_job, change_line, rename_job
from workorders.domain.errors import (
    InvalidInput,
    JobAlreadyDecided,
    NothingAuthorised,
    NothingToSend,
    StaleEstimate,
    WrongState,
)
from workorders.domain.estimate import VALIDITY
from workorders.domain.expire import expire
from workorders.domain.facts import EstimateDecided, EstimateSent, EstimateSuperseded, Recorded
from workorders.domain.money import Money
from workorders.domain.start import start
from workorders.domain.status import EstimateState, JobStatus, Status
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


def test_part_approved_is_approved_and_the_rest_can_still_be_answered() -> None:
    order, _ = opened()
    first, second, third = with_job(order), with_job(order, "Wipers"), with_job(order, "Oil")
    send(order)
    (recorded,) = answer(order, Choice.DECLINED, first)
    assert (recorded.status, recorded.is_transition) == (Status.AWAITING_APPROVAL, False)
    answer(order, Choice.AUTHORISED, second)
    assert order.status is Status.APPROVED
    (recorded,) = answer(order, Choice.DECLINED, third)
    assert isinstance(recorded.fact, EstimateDecided)
    assert recorded.fact.closed
    assert order.status is Status.APPROVED
    assert order.estimate is not None
    assert order.estimate.state is EstimateState.DECIDED


def test_all_declined_is_declined() -> None:
    order, _ = opened()
    with_job(order)
    send(order)
    answer(order, Choice.DECLINED)
    assert order.status is Status.DECLINED


@pytest.mark.parametrize("version", [0, 2])
def test_only_the_current_version_can_be_decided(version: int) -> None:
    order = order_in(Status.AWAITING_APPROVAL)
    with pytest.raises(StaleEstimate):
        approve(order, CAR_OWNER, NOW, version=version, choices={order.jobs[0].id: Choice.AUTHORISED})


def test_a_superseded_version_cannot_be_decided() -> None:
    order = order_in(Status.APPROVED, offered=True)
    extra = order.jobs_in(JobStatus.SENT)[0]
    with_job(order, "Oil")
    replaced, _ = send(order)
    assert replaced.fact == EstimateSuperseded(2, "replaced")
    with pytest.raises(StaleEstimate):
        approve(order, CAR_OWNER, NOW, version=2, choices={extra.id: Choice.AUTHORISED})
    answer(order, Choice.AUTHORISED)
    assert len(order.jobs_in(JobStatus.AUTHORISED)) == 3


def test_an_estimate_cannot_be_decided_after_its_time() -> None:
    order = order_in(Status.AWAITING_APPROVAL)
    with pytest.raises(StaleEstimate):
        approve(order, CAR_OWNER, NOW + VALIDITY, version=1, choices={order.jobs[0].id: Choice.AUTHORISED})


def test_a_job_is_decided_once() -> None:
    order, _ = opened()
    first, _second = with_job(order), with_job(order, "Wipers")
    send(order)
    answer(order, Choice.AUTHORISED, first)
    with pytest.raises(JobAlreadyDecided):
        answer(order, Choice.DECLINED, first)


@pytest.mark.parametrize("job", ["unknown", "proposed"])
def test_only_jobs_of_the_estimate_can_be_decided(job: str) -> None:
    order, _ = opened()
    with_job(order)
    unpriced = add_job(order, MANAGER, uuid4(), "Something").id
    send(order)
    with pytest.raises(InvalidInput) as refused:
        answer(order, Choice.AUTHORISED, uuid4() if job == "unknown" else unpriced)
    assert refused.value.code == "unknown_job"


def _evidence(*, added: int, revised: int, currency: str = "RUB") -> Evidence:
    return Evidence(
        channel="phone",
        given_by="owner",
        given_at=NOW,
        reason="The customer called back",
        added_cost=Money(added, currency),
        revised_total=Money(revised, currency),
    )


def test_recorded_consent_keeps_its_evidence() -> None:
    order = order_in(Status.APPROVED, offered=True)
    extra = order.jobs_in(JobStatus.SENT)[0]
    evidence = _evidence(added=7200_00, revised=14400_00)
    (recorded,) = record_consent(
        order, RECEPTIONIST, NOW, version=2, choices={extra.id: Choice.AUTHORISED}, evidence=evidence
    )
    assert recorded.by.role == "receptionist"
    assert extra.authorisation is not None
    assert extra.authorisation.evidence == evidence
    assert extra.authorisation.channel == "phone"


@pytest.mark.parametrize(
    ("added", "revised", "field"), [(7200_01, 14400_00, "added_cost"), (7200_00, 7200_00, "revised_total")]
)
def test_consent_to_other_figures_than_the_estimates_is_refused(added: int, revised: int, field: str) -> None:
    order = order_in(Status.APPROVED, offered=True)
    extra = order.jobs_in(JobStatus.SENT)[0]
    evidence = _evidence(added=added, revised=revised)
    with pytest.raises(InvalidInput) as refused:
        record_consent(order, MANAGER, NOW, version=2, choices={extra.id: Choice.AUTHORISED}, evidence=evidence)
    assert refused.value.field == field
    assert extra.status is JobStatus.SENT


def test_consent_in_another_currency_is_refused() -> None:
    order = order_in(Status.AWAITING_APPROVAL)
    evidence = _evidence(added=7200_00, revised=7200_00, currency="KZT")
    with pytest.raises(InvalidInput) as refused:
        record_consent(order, MANAGER, NOW, version=1, choices={order.jobs[0].id: Choice.AUTHORISED}, evidence=evidence)
    assert refused.value.code == "currency_differs"


def test_consent_cannot_lie_in_the_future() -> None:
    order = order_in(Status.AWAITING_APPROVAL)
    evidence = _evidence(added=7200_00, revised=7200_00)
    before = NOW - timedelta(seconds=1)
    with pytest.raises(InvalidInput) as refused:
        record_consent(
            order, MANAGER, before, version=1, choices={order.jobs[0].id: Choice.AUTHORISED}, evidence=evidence
        )
    assert refused.value.field == "given_at"


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
