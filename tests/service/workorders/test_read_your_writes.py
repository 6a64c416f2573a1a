"""What only a read model refuses is looked at again: a script must not fail by timing."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from chassis.http.patience import Patience
from contracts.event import Event
from contracts.sto import EmployeeRoleChanged
from tests.service.workorders.garage import LABOR, READING, Garage
from tests.support.eventually import eventually


def _patience(garage: Garage) -> Patience:
    app = garage.client._transport.app  # type: ignore[attr-defined]
    patience: Patience = app.state.chassis.patience
    return patience


@pytest.fixture(autouse=True)
def much_patience(empty_garage: Garage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_patience(empty_garage), "_seconds", 60.0)


async def _succeeds_after(garage: Garage, asking: Awaitable[httpx.Response], *events: Event) -> None:
    asked = asyncio.ensure_future(asking)
    await eventually(lambda: _patience(garage).waiters == 1)
    await garage.deliver(*events)
    answer = await asked
    assert answer.is_success, answer.text


def _opening(garage: Garage) -> dict[str, str]:
    return {"center_id": str(garage.center_id), "car_id": str(garage.car_id)}


MISSING: dict[str, Callable[[Garage], Event]] = {
    "link": lambda garage: garage.linked(),
    "car": lambda garage: garage.car(),
    "center": lambda garage: garage.center(),
    "employee": lambda garage: garage.joined("receptionist"),
}


@pytest.mark.parametrize("late", MISSING)
async def test_opening_waits_for_the_event_that_allows_it(empty_garage: Garage, late: str) -> None:
    garage = empty_garage
    events = {name: make(garage) for name, make in MISSING.items()}
    await garage.deliver(*(event for name, event in events.items() if name != late))
    await _succeeds_after(garage, garage.post("/v1/work-orders", "receptionist", _opening(garage)), events[late])


async def test_acting_on_an_order_waits_for_the_employment(garage: Garage) -> None:
    order = await garage.open()
    version = await garage.version(order)
    newcomer = garage.joined("manager", employee_id=garage.car_id, user_id=garage.people["stranger"].user_id)
    asking = garage.post(f"{order}/cancellation", "stranger", {"reason": "Ошибка"}, version=version)
    await _succeeds_after(garage, asking, newcomer)


async def test_acting_waits_for_the_role_that_allows_it(garage: Garage) -> None:
    order = await garage.approved()
    version = await garage.version(order)
    promoted = EmployeeRoleChanged.model_validate(
        {
            **garage.joined("receptionist").model_dump(),
            "role": "manager",
            "previous_role": "receptionist",
            "sequence": 2,
        }
    )
    await _succeeds_after(garage, garage.post(f"{order}/start", "receptionist", version=version), promoted)


async def _waiting_for_an_answer(garage: Garage) -> tuple[str, dict[str, Any], int]:
    order = await garage.open()
    await garage.job(order)
    await garage.done(order, "estimate")
    return f"{order}/approval", await garage.decisions(order), await garage.version(order)


async def test_an_answer_waits_for_the_access_that_allows_it(garage: Garage) -> None:
    path, answer, version = await _waiting_for_an_answer(garage)
    shared = garage.shared("car_manager", grant_id=garage.link_id, grantee_id=garage.people["stranger"].user_id)
    await _succeeds_after(garage, garage.post(path, "stranger", answer, version=version), shared)


async def test_an_answer_waits_for_the_role_in_the_car_that_allows_it(garage: Garage) -> None:
    path, answer, version = await _waiting_for_an_answer(garage)
    asking = garage.post(path, "car_viewer", answer, version=version)
    await _succeeds_after(garage, asking, garage.shared_anew("car_viewer", role="manager"))


async def test_a_labor_line_waits_for_its_mechanic(garage: Garage) -> None:
    order = await garage.open()
    job = str((await garage.post(f"{order}/jobs", body={"title": "Работа"})).headers["location"])
    newcomer = garage.people["stranger"].user_id
    asking = garage.post(f"{job}/labor", body=LABOR | {"mechanic_id": str(newcomer)})
    await _succeeds_after(garage, asking, garage.joined("mechanic", employee_id=garage.car_id, user_id=newcomer))


async def test_completion_waits_for_the_centers_approval(garage: Garage) -> None:
    await garage.deliver(garage.center_approved(verification="suspended", sequence=3))
    order = await garage.ready()
    asking = garage.post(f"{order}/completion", body=READING, version=await garage.version(order))
    await _succeeds_after(garage, asking, garage.center_approved(sequence=4))


async def test_completion_waits_for_the_reading_that_makes_its_own_plausible(garage: Garage) -> None:
    await garage.deliver(garage.judged(387_500, garage.clock(), sequence=1))
    order = await garage.ready()
    asking = garage.post(f"{order}/completion", body=READING, version=await garage.version(order))
    await _succeeds_after(garage, asking, garage.judged(187_500, garage.clock(), sequence=2))
