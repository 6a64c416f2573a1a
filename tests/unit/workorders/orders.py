"""Orders for tests, driven into a state by the behaviours themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from workorders.canonical import seal
from workorders.domain.cancel import cancel
from workorders.domain.complete import HandOver, complete
from workorders.domain.decide import approve
from workorders.domain.decision import Choice
from workorders.domain.edit import add_job, add_labor, add_product
from workorders.domain.facts import Recorded
from workorders.domain.finish import check_quality, mark_ready
from workorders.domain.lines import LaborTerms, ProductTerms
from workorders.domain.money import Money, Pricing
from workorders.domain.odometer import Measured, Moment
from workorders.domain.open_order import Visit, open_order
from workorders.domain.pause import pause
from workorders.domain.people import Actor, Person
from workorders.domain.send_estimate import send_estimate
from workorders.domain.start import start
from workorders.domain.status import JobStatus, Status
from workorders.domain.work_order import WorkOrder

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MOMENT = Moment(NOW, NOW.date())

OWNER = Person(UUID(int=1), "owner", owns_car=False)
MANAGER = Person(UUID(int=2), "manager", owns_car=False)
RECEPTIONIST = Person(UUID(int=3), "receptionist", owns_car=False)
ASSIGNED = Person(UUID(int=4), "mechanic", owns_car=False)
MECHANIC = Person(UUID(int=5), "mechanic", owns_car=False)
CAR_OWNER = Person(UUID(int=6), None, owns_car=True)
CAR_MANAGER = Person(UUID(int=7), None, owns_car=False, shared_as="manager")
CAR_DRIVER = Person(UUID(int=8), None, owns_car=False, shared_as="driver")
CAR_VIEWER = Person(UUID(int=9), None, owns_car=False, shared_as="viewer")

HAND_OVER = HandOver(
    odometer=Measured(Decimal(123_456), "km"), last_reading=None, center_approved=True, staff_has_car=False
)


def labor(**changed: Any) -> LaborTerms:
    """Two hours at 1,500.00, done by ASSIGNED."""
    terms: dict[str, Any] = {
        "operation": "Replace the brake pads",
        "hours": Decimal(2),
        "rate": Decimal(1500),
        "mechanic_id": ASSIGNED.user_id,
        "discount": None,
        "tax_percent": Decimal(20),
        "next_service": None,
    }
    return LaborTerms(**terms | changed)


def product(**changed: Any) -> ProductTerms:
    """One set of pads at 4,200.00."""
    terms: dict[str, Any] = {
        "kind": "part",
        "name": "Brake pads, front",
        "sku": "BP-101",
        "amount": Decimal(1),
        "unit": "set",
        "price": Decimal(4200),
        "batch": None,
        "warranty": "12 months",
        "customer_supplied": False,
        "discount": None,
        "tax_percent": Decimal(20),
        "next_service": None,
    }
    return ProductTerms(**terms | changed)


def opened(*, four_eyes: bool = False, related: bool = False, currency: str = "RUB") -> tuple[WorkOrder, Recorded]:
    """A draft without jobs. Prices include tax."""
    visit = Visit(
        center_id=UUID(int=100),
        center_name="Garage",
        pricing=Pricing(currency, prices_include_tax=True),
        car_id=UUID(int=200),
        car_label="Lada Vesta",
        owner_id=CAR_OWNER.user_id,
        staff_has_car=related,
    )
    return open_order(
        UUID(int=300),
        Actor(RECEPTIONIST.user_id, "receptionist"),
        NOW,
        number=1,
        visit=visit,
        complaint="Squeaks",
        four_eyes=four_eyes,
    )


def with_job(order: WorkOrder, title: str = "Front brakes", **changed: Any) -> UUID:
    """Adds a job of 3,000.00 labor and a 4,200.00 part; `changed` goes to the labor."""
    job = add_job(order, MANAGER, uuid4(), title)
    add_labor(order, MANAGER, job.id, uuid4(), labor(**changed))
    add_product(order, MANAGER, job.id, uuid4(), product())
    return job.id


def send(order: WorkOrder, at: datetime = NOW, *, discount: int = 0, tolerance: int | None = None) -> list[Recorded]:
    _, facts = send_estimate(
        order,
        MANAGER,
        at,
        discount=Money(discount, order.pricing.currency),
        tolerance=None if tolerance is None else Money(tolerance, order.pricing.currency),
        seal=seal,
    )
    return facts


def answer(order: WorkOrder, choice: Choice, *job_ids: UUID) -> list[Recorded]:
    """The car owner's answer for these jobs, or for all that wait for one."""
    assert order.estimate is not None
    ids = job_ids or tuple(job.id for job in order.jobs_in(JobStatus.SENT))
    return approve(order, CAR_OWNER, NOW, version=order.estimate.version, choices=dict.fromkeys(ids, choice))


def order_in(status: Status, *, four_eyes: bool = False, offered: bool = False) -> WorkOrder:
    """An order in this state with one job; `offered`: another one is with the owner, where that can be."""
    order, _ = opened(four_eyes=four_eyes or status is Status.QUALITY_CHECK)
    with_job(order)
    if status is Status.DRAFT:
        return order
    if status is Status.CANCELLED:
        cancel(order, MANAGER, NOW, reason="The customer changed his mind")
        return order
    send(order)
    if status is Status.AWAITING_APPROVAL:
        return order
    answer(order, Choice.DECLINED if status is Status.DECLINED else Choice.AUTHORISED)
    if status is Status.DECLINED:
        return order
    if offered:
        with_job(order, "Wipers")
        send(order)
    _work(order, status)
    return order


def _work(order: WorkOrder, status: Status) -> None:
    if status is Status.APPROVED:
        return
    start(order, MANAGER, NOW)
    match status:
        case Status.WAITING_PARTS | Status.ON_HOLD:
            pause(order, MANAGER, NOW, to=status, reason="No pads in stock")
        case Status.QUALITY_CHECK:
            check_quality(order, ASSIGNED, NOW)
        case Status.READY | Status.COMPLETED:
            if order.four_eyes:
                check_quality(order, ASSIGNED, NOW)
            mark_ready(order, MANAGER, NOW)
            if status is Status.COMPLETED:
                complete(order, MANAGER, MOMENT, HAND_OVER)
