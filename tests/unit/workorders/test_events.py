"""Facts as events. That they keep the contracts over HTTP is shown by the service's own tests."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest

from chassis.outbox import MAX_EVENT_BYTES, event_payload
from contracts.workorders import WorkOrderCompleted
from tests.unit.workorders.orders import (
    CAR_OWNER,
    HAND_OVER,
    MANAGER,
    MOMENT,
    NOW,
    answer,
    opened,
    product,
    send,
)
from workorders.db.directory import Car, Center, Surroundings
from workorders.domain.complete import complete
from workorders.domain.decision import Choice
from workorders.domain.edit import add_job, add_product, rename_job
from workorders.domain.errors import InvalidInput
from workorders.domain.finish import mark_ready
from workorders.domain.lines import NextService, ProductTerms
from workorders.domain.odometer import Moment, Unreadable
from workorders.domain.start import start
from workorders.domain.work_order import MAX_JOBS, MAX_LINES, WorkOrder
from workorders.events import event_of
from workorders.snapshot import Circumstances, SealedSnapshot, seal_snapshot

WORDY = 262
"""So many lines with the longest texts fit into one order; a backslash takes two bytes in JSON."""

CENTER = Center(uuid4(), "Garage", "Asia/Vladivostok", "RUB", prices_include_tax=True, approved=True)
CAR = Car(uuid4(), "JTDBR32E720123456", None, "M001MM77", "mi")
SURROUNDINGS = Surroundings(
    center=CENTER, car=CAR, last_reading=None, staff_has_car=False, estimate_sha256s=("ab" * 32,)
)


def _largest() -> WorkOrder:
    """As many jobs, lines and as much text as an order takes."""
    order, _ = opened()
    jobs = [add_job(order, MANAGER, uuid4(), f"Job {number}") for number in range(MAX_JOBS)]
    for number in range(MAX_LINES):
        short = product(name="x", sku=None, warranty=None, unit="x")
        terms = _wordy("\\" * 120) if number < WORDY else short
        add_product(order, MANAGER, jobs[number % MAX_JOBS].id, uuid4(), terms)
    with pytest.raises(InvalidInput, match="too much text"):
        rename_job(order, MANAGER, jobs[0].id, "x" * 6000)
    return order


def _wordy(words: str) -> ProductTerms:
    return product(
        name=words,
        sku=words[:64],
        batch=words[:64],
        warranty=words,
        amount=Decimal("99999.999"),
        price=Decimal("99999.999999"),
        next_service=NextService(km=999_999, months=599),
    )


def _completed(order: WorkOrder) -> WorkOrderCompleted:
    send(order)
    answer(order, Choice.AUTHORISED)
    start(order, MANAGER, NOW)
    mark_ready(order, MANAGER, NOW)
    (recorded,) = complete(order, MANAGER, MOMENT, HAND_OVER)
    event = event_of(order, recorded, _sealed(order, MOMENT))
    assert isinstance(event, WorkOrderCompleted)
    return event


def _sealed(order: WorkOrder, moment: Moment) -> SealedSnapshot:
    told = Circumstances(
        surroundings=SURROUNDINGS,
        odometer=Unreadable("The dashboard is dark"),
        moment=moment,
        completed_by=MANAGER.user_id,
    )
    return seal_snapshot(order, told)


def test_the_largest_order_can_be_told_in_one_event() -> None:
    order = _largest()
    assert order.line_count == MAX_LINES
    assert 320_000 < len(event_payload(_completed(order))) < MAX_EVENT_BYTES


def test_an_unreadable_odometer_attests_no_reading() -> None:
    order, _ = opened()
    odometer = _sealed(order, MOMENT).content.odometer
    assert (odometer.readable, odometer.value, odometer.km, odometer.unit) == (False, None, None, "mi")
    assert odometer.unreadable_reason == "The dashboard is dark"


def test_a_snapshot_is_dated_where_the_center_is() -> None:
    order, _ = opened()
    evening = datetime(2026, 12, 31, 20, 0, tzinfo=UTC)
    content = _sealed(order, Moment(evening, datetime(2027, 1, 1, tzinfo=UTC).date())).content
    assert (content.completed_on, content.completed_at) == ("2027-01-01", evening)


def test_equal_orders_have_equal_hashes_and_a_changed_word_has_another() -> None:
    order, _ = opened()
    sealed = _sealed(order, MOMENT).document
    assert _sealed(order, MOMENT).document == sealed
    order.complaint = "Squeaks."
    assert _sealed(order, MOMENT).document.sha256 != sealed.sha256


def test_a_completion_is_told_with_its_snapshot() -> None:
    order, recorded = opened()
    assert event_of(order, recorded, None).actor.user_id != CAR_OWNER.user_id
    add_product(order, MANAGER, add_job(order, MANAGER, uuid4(), "Oil").id, uuid4(), product())
    send(order)
    answer(order, Choice.AUTHORISED)
    start(order, MANAGER, NOW)
    mark_ready(order, MANAGER, NOW)
    (completed,) = complete(order, MANAGER, MOMENT, HAND_OVER)
    with pytest.raises(ValueError, match="told with its snapshot"):
        event_of(order, completed, None)
