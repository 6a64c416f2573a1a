from datetime import timedelta
from uuid import uuid4

import pytest

from tests.unit.workorders.orders import (
    CAR_OWNER,
    MANAGER,
    NOW,
    RECEPTIONIST,
    answer,
    opened,
    order_in,
    send,
    with_job,
)
from workorders.domain.decide import approve, record_consent
from workorders.domain.decision import Choice, Evidence
from workorders.domain.edit import add_job
from workorders.domain.errors import (
    InvalidInput,
    JobAlreadyDecided,
    StaleEstimate,
)
from workorders.domain.estimate import VALIDITY
from workorders.domain.facts import EstimateDecided, EstimateSuperseded
from workorders.domain.money import Money
from workorders.domain.status import EstimateState, JobStatus, Status


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
