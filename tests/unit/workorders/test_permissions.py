from collections.abc import Callable
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from tests.unit.workorders.matrix import Cell, cells
from tests.unit.workorders.orders import (
    ASSIGNED,
    CAR_DRIVER,
    CAR_MANAGER,
    CAR_OWNER,
    CAR_VIEWER,
    HAND_OVER,
    MANAGER,
    MECHANIC,
    MOMENT,
    NOW,
    OWNER,
    RECEPTIONIST,
    labor,
    order_in,
    with_job,
)
from workorders.canonical import seal
from workorders.domain.cancel import cancel
from workorders.domain.complete import complete
from workorders.domain.decide import approve, record_consent
from workorders.domain.decision import Choice, Evidence
from workorders.domain.edit import add_job
from workorders.domain.errors import NotPermitted, WrongState
from workorders.domain.finish import check_quality, mark_ready, reopen
from workorders.domain.money import Money
from workorders.domain.pause import pause, resume
from workorders.domain.people import Person, SharedRole
from workorders.domain.permissions import Action
from workorders.domain.send_estimate import send_estimate
from workorders.domain.start import start
from workorders.domain.status import FINAL, JobStatus, Status
from workorders.domain.withdraw import withdraw
from workorders.domain.work_order import WorkOrder

PEOPLE = {
    "owner": OWNER,
    "manager": MANAGER,
    "receptionist": RECEPTIONIST,
    "assigned": ASSIGNED,
    "mechanic": MECHANIC,
    "car_owner": CAR_OWNER,
    "car_manager": CAR_MANAGER,
    "car_driver": CAR_DRIVER,
    "car_viewer": CAR_VIEWER,
}


def _send(order: WorkOrder, person: Person) -> None:
    send_estimate(order, person, NOW, discount=None, tolerance=None, seal=seal)


def _choices(order: WorkOrder) -> tuple[int, dict[UUID, Choice]]:
    version = order.estimate.version if order.estimate else 1
    return version, {job.id: Choice.AUTHORISED for job in order.jobs_in(JobStatus.SENT)}


def _approve(order: WorkOrder, person: Person) -> None:
    version, choices = _choices(order)
    approve(order, person, NOW, version=version, choices=choices)


def _consent(order: WorkOrder, person: Person) -> None:
    version, choices = _choices(order)
    added = sum(order.job(job_id).amounts(order.pricing).total for job_id in choices)
    evidence = Evidence(
        channel="phone",
        given_by="owner",
        given_at=NOW,
        reason="Agreed on the phone",
        added_cost=Money(added, "RUB"),
        revised_total=Money(order.authorised_minor + added, "RUB"),
    )
    record_consent(order, person, NOW, version=version, choices=choices, evidence=evidence)


PERFORM: dict[str, Callable[[WorkOrder, Person], object]] = {
    "edit": lambda order, person: add_job(order, person, uuid4(), "Wash"),
    "send_estimate": _send,
    "approve": _approve,
    "record_consent": _consent,
    "withdraw": lambda order, person: withdraw(order, person, NOW, reason=None),
    "start": lambda order, person: start(order, person, NOW),
    "pause": lambda order, person: pause(order, person, NOW, to=Status.ON_HOLD, reason="Lunch"),
    "resume": lambda order, person: resume(order, person, NOW, reason=None),
    "check_quality": lambda order, person: check_quality(order, person, NOW),
    "mark_ready": lambda order, person: mark_ready(order, person, NOW),
    "reopen": lambda order, person: reopen(order, person, NOW, reason=None),
    "complete": lambda order, person: complete(order, person, MOMENT, HAND_OVER),
    "cancel": lambda order, person: cancel(order, person, NOW, reason="No money"),
}


def _order_for(cell: Cell) -> WorkOrder:
    """In the cell's state, and such that nothing but state and role can refuse the action."""
    waiting = cell.action in {"approve", "record_consent", "withdraw"}
    order = order_in(cell.status, four_eyes=cell.action == "check_quality", offered=waiting and _agreed(cell.status))
    if cell.action == "send_estimate" and _agreed(cell.status):
        with_job(order, "Wipers")
    return order


def _agreed(status: Status) -> bool:
    return status in {Status.APPROVED, Status.IN_PROGRESS, Status.WAITING_PARTS, Status.ON_HOLD}


def test_the_matrix_has_a_cell_for_every_state_role_and_action() -> None:
    found = [(cell.action, cell.role, cell.status) for cell in cells()]
    assert len(found) == len(set(found)) == len(Action) * len(PEOPLE) * len(Status)
    assert {action for action, _, _ in found} == set(Action) == set(PERFORM)


@pytest.mark.parametrize("cell", list(cells()), ids=lambda cell: f"{cell.action}-{cell.role}-{cell.status}")
def test_cell_of_the_permission_matrix(cell: Cell) -> None:
    order, person = _order_for(cell), PEOPLE[cell.role]
    assert order.status is cell.status
    match cell.expected:
        case "+":
            PERFORM[cell.action](order, person)
        case "-":
            with pytest.raises(NotPermitted):
                PERFORM[cell.action](order, person)
        case "x":
            with pytest.raises(WrongState):
                PERFORM[cell.action](order, person)
        case _:
            pytest.fail(f"{cell} has no meaning")


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("status", Status)
def test_a_stranger_may_do_nothing(action: Action, status: Status) -> None:
    stranger = Person(uuid4(), None, owns_car=False)
    with pytest.raises(NotPermitted):
        PERFORM[action](order_in(status), stranger)


def test_nothing_leaves_a_final_state() -> None:
    assert {Status.COMPLETED, Status.CANCELLED} == FINAL
    for cell in cells():
        assert not (cell.status in FINAL and cell.expected == "+")


def test_a_manager_who_does_the_work_himself_hands_it_in_but_does_not_check_it() -> None:
    order = order_in(Status.DRAFT, four_eyes=True)
    order.jobs[0].labor[0].terms = labor(mechanic_id=MANAGER.user_id)
    for cell_action in ("send_estimate", "record_consent", "start", "check_quality"):
        PERFORM[cell_action](order, MANAGER)
    with pytest.raises(NotPermitted):
        mark_ready(order, MANAGER, NOW)
    with pytest.raises(NotPermitted):
        resume(order, MANAGER, NOW, reason=None)
    mark_ready(order, OWNER, NOW)


@pytest.mark.parametrize(
    ("person", "role"),
    [
        (replace(RECEPTIONIST, owns_car=True), "car_owner"),
        (replace(RECEPTIONIST, shared_as="manager"), "car_manager"),
    ],
    ids=["owner", "manager"],
)
def test_staff_who_have_the_car_approve_for_it_and_make_the_order_a_related_partys(person: Person, role: str) -> None:
    order = order_in(Status.AWAITING_APPROVAL)
    version, choices = _choices(order)
    (fact,) = approve(order, person, NOW, version=version, choices=choices)
    assert (fact.by.role, order.related_party) == (role, True)


@pytest.mark.parametrize("person", [CAR_OWNER, CAR_MANAGER], ids=["owner", "manager"])
def test_an_answer_from_outside_the_center_makes_no_related_party(person: Person) -> None:
    order = order_in(Status.AWAITING_APPROVAL)
    _approve(order, person)
    assert not order.related_party
    assert {job.authorisation and job.authorisation.decided_by.user_id for job in order.jobs} == {person.user_id}


@pytest.mark.parametrize("role", ["viewer", "driver"])
def test_staff_with_less_than_manager_access_do_not_approve(role: SharedRole) -> None:
    with pytest.raises(NotPermitted):
        _approve(order_in(Status.AWAITING_APPROVAL), replace(RECEPTIONIST, shared_as=role))
