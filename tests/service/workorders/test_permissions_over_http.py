from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple

import httpx
import pytest

from tests.service.workorders.garage import READING, SHARING, Garage
from tests.unit.workorders.matrix import cells
from workorders.domain.status import Status

ROLES = ("owner", "manager", "receptionist", "assigned", "mechanic", "car_owner", *SHARING, "stranger")
EXPECTED = {(cell.action, cell.role, cell.status): cell.expected for cell in cells()}
"""The same matrix, written by hand, as the domain is tested with."""


class Way(NamedTuple):
    """How an action is tried over HTTP: on an order in which state, and by which request."""

    action: str
    status: Status
    request: Callable[[Garage, str, str], Awaitable[httpx.Response]]


async def _consent(garage: Garage, order: str, role: str) -> httpx.Response:
    evidence: dict[str, Any] = {
        **await garage.decisions(order),
        "channel": "phone",
        "given_by": "owner",
        "given_at": garage.clock().isoformat(),
        "reason": "Перезвонил",
        "added_cost": {"amount_minor": 825_050, "currency": "RUB"},
        "revised_total": {"amount_minor": 825_050, "currency": "RUB"},
    }
    return await garage.act(order, "consent", role, evidence)


async def _approve(garage: Garage, order: str, role: str) -> httpx.Response:
    return await garage.act(order, "approval", role, await garage.decisions(order))


async def _edit(garage: Garage, order: str, role: str) -> httpx.Response:
    return await garage.post(f"{order}/jobs", role, {"title": "Мойка"})


def _acting(action: str, body: Any = None) -> Callable[[Garage, str, str], Awaitable[httpx.Response]]:
    return lambda garage, order, role: garage.act(order, action, role, body)


WAYS = (
    Way("edit", Status.DRAFT, _edit),
    Way("send_estimate", Status.DRAFT, _acting("estimate")),
    Way("approve", Status.AWAITING_APPROVAL, _approve),
    Way("record_consent", Status.AWAITING_APPROVAL, _consent),
    Way("withdraw", Status.AWAITING_APPROVAL, _acting("withdrawal")),
    Way("start", Status.APPROVED, _acting("start")),
    Way("pause", Status.IN_PROGRESS, _acting("pause", {"status": "on_hold", "reason": "Обед"})),
    Way("resume", Status.WAITING_PARTS, _acting("resume")),
    Way("resume", Status.ON_HOLD, _acting("resume")),
    Way("resume", Status.QUALITY_CHECK, _acting("resume")),
    Way("check_quality", Status.IN_PROGRESS, _acting("quality-check")),
    Way("mark_ready", Status.IN_PROGRESS, _acting("ready")),
    Way("mark_ready", Status.QUALITY_CHECK, _acting("ready")),
    Way("reopen", Status.READY, _acting("reopening")),
    Way("complete", Status.READY, _acting("completion", READING)),
    Way("cancel", Status.DRAFT, _acting("cancellation", {"reason": "Передумал"})),
    Way("cancel", Status.IN_PROGRESS, _acting("cancellation", {"reason": "Передумал"})),
)


async def _order_in(garage: Garage, way: Way) -> str:
    order = await garage.open(four_eyes=way.status is Status.QUALITY_CHECK or way.action == "check_quality")
    await garage.job(order)
    for status, action, role, body in (
        (Status.DRAFT, "estimate", "manager", None),
        (Status.AWAITING_APPROVAL, "approval", "car_owner", None),
        (Status.APPROVED, "start", "manager", None),
    ):
        if way.status is status:
            return order
        await garage.done(order, action, role, body or (await garage.decisions(order) if role == "car_owner" else None))
    match way.status:
        case Status.WAITING_PARTS | Status.ON_HOLD:
            await garage.done(order, "pause", body={"status": way.status, "reason": "Ждём"})
        case Status.QUALITY_CHECK:
            await garage.done(order, "quality-check", "assigned")
        case Status.READY:
            await garage.done(order, "ready")
    return order


def _refused_first(way: Way) -> Iterable[str]:
    """Who is refused changes nothing, so that one order is enough for all of them."""
    return sorted(ROLES, key=lambda role: EXPECTED.get((way.action, role, way.status)) == "+")


def test_every_action_is_tried_over_http() -> None:
    assert {way.action for way in WAYS} == {action for action, _, _ in EXPECTED}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.action}-{way.status}")
async def test_each_role_is_answered_as_the_matrix_says(garage: Garage, way: Way) -> None:
    order = await _order_in(garage, way)
    for role in _refused_first(way):
        answer = await way.request(garage, order, role)
        if role == "stranger":
            assert answer.status_code == 404
        elif EXPECTED[way.action, role, way.status] == "+":
            assert answer.status_code in {200, 201}, (role, answer.text)
            order = await _order_in(garage, way)
        else:
            assert answer.status_code == 403, (role, answer.text)
            assert answer.json()["type"] == "urn:carpass:problem:role-forbids"
            assert (await garage.order(order))["status"] == way.status


@pytest.mark.parametrize("role", ROLES)
async def test_who_may_open_an_order(garage: Garage, role: str) -> None:
    opening = {"center_id": str(garage.center_id), "car_id": str(garage.car_id)}
    answer = await garage.post("/v1/work-orders", role, opening)
    expected = {"owner": 201, "manager": 201, "receptionist": 201, "assigned": 403, "mechanic": 403}
    assert answer.status_code == expected.get(role, 404)


@pytest.mark.parametrize("role", ROLES)
async def test_who_may_read_an_order(garage: Garage, role: str) -> None:
    order = await garage.completed()
    for path in (order, f"{order}/history", f"{order}/estimates", f"{order}/estimates/1", f"{order}/snapshot"):
        assert (await garage.get(path, role)).status_code == (404 if role == "stranger" else 200)
    listed = (await garage.get("/v1/work-orders", role)).json()["data"]
    assert len(listed) == (0 if role == "stranger" else 1)


async def test_state_that_has_no_such_action_is_a_conflict(garage: Garage) -> None:
    order = await garage.open()
    answer = await garage.act(order, "start")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:carpass:problem:order-state")
    closed = await garage.completed()
    for action, body in (("reopening", None), ("cancellation", {"reason": "Нет"}), ("completion", READING)):
        answer = await garage.act(closed, action, "manager", body)
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:carpass:problem:order-closed")
    answer = await garage.post(f"{closed}/jobs", body={"title": "Ещё"})
    assert answer.json()["type"] == "urn:carpass:problem:order-closed"
