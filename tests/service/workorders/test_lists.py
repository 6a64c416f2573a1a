from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.service.workorders.garage import Garage, id_of


async def _ids(garage: Garage, role: str = "manager", **parameters: Any) -> list[str]:
    answer = await garage.get("/v1/work-orders", role, **parameters)
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["data"]]


async def _another_car(garage: Garage) -> str:
    """A second car of the same owner; its order's id."""
    car_id = uuid4()
    await garage.deliver(garage.car(car_id=car_id), garage.linked(link_id=uuid4(), car_id=car_id))
    return str(id_of(await garage.open(car_id=str(car_id))))


async def test_the_latest_opened_comes_first_in_keyset_pages(garage: Garage) -> None:
    opened = []
    for _ in range(5):
        opened.append(str(id_of(await garage.open())))
        garage.clock.advance(timedelta(minutes=1))
    first = (await garage.get("/v1/work-orders", limit=2)).json()
    await garage.open()  # what comes in between moves nothing
    second = (await garage.get("/v1/work-orders", limit=2, cursor=first["next_cursor"])).json()
    third = (await garage.get("/v1/work-orders", limit=2, cursor=second["next_cursor"])).json()
    seen = [row["id"] for page in (first, second, third) for row in page["data"]]
    assert seen == opened[::-1]
    assert (third["has_more"], third["next_cursor"]) == (False, None)


async def test_orders_opened_at_the_same_instant_are_all_listed(garage: Garage) -> None:
    opened = {str(id_of(await garage.open())) for _ in range(5)}
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await garage.get("/v1/work-orders", limit=2, **cursor)).json()
        seen += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert sorted(seen) == sorted(opened)


async def test_lists_are_filtered_by_state_car_mechanic_center_and_date(garage: Garage) -> None:
    draft = str(id_of(await garage.open()))
    garage.clock.advance(timedelta(days=1))
    approved = str(id_of(await garage.approved()))
    other = await _another_car(garage)
    noon = garage.clock().isoformat()
    assert await _ids(garage, status="approved") == [approved]
    assert sorted(await _ids(garage, car_id=str(garage.car_id))) == sorted([draft, approved])
    assert await _ids(garage, mechanic_id=str(garage.people["assigned"].user_id)) == [approved]
    assert await _ids(garage, mechanic_id=str(garage.people["mechanic"].user_id)) == []
    assert len(await _ids(garage, center_id=str(garage.center_id))) == 3
    assert await _ids(garage, center_id=str(uuid4())) == []
    assert await _ids(garage, opened_before=noon) == [draft]
    assert sorted(await _ids(garage, opened_from=noon)) == sorted([approved, other])


async def test_a_car_owner_sees_the_orders_on_his_cars(garage: Garage) -> None:
    own = [str(id_of(await garage.open())), await _another_car(garage)]
    car_id, somebody = uuid4(), uuid4()
    await garage.deliver(
        garage.car(car_id=car_id, owner_id=somebody), garage.linked(link_id=uuid4(), car_id=car_id, owner_id=somebody)
    )
    foreign = str(id_of(await garage.open(car_id=str(car_id))))
    assert sorted(await _ids(garage, "car_owner")) == sorted(own)
    assert foreign in await _ids(garage, "mechanic")


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"cursor": "made-up"}, 400),
        ({"limit": 0}, 422),
        ({"limit": 101}, 422),
        ({"status": "lost"}, 422),
        ({"opened_from": "2026-03-16T09:00:00"}, 422),
        ({"car_id": "x"}, 422),
    ],
    ids=str,
)
async def test_what_cannot_be_a_page_is_refused(garage: Garage, parameters: dict[str, Any], status: int) -> None:
    assert (await garage.get("/v1/work-orders", **parameters)).status_code == status


async def test_a_list_needs_a_sign_in(garage: Garage) -> None:
    assert (await garage.client.get("/v1/work-orders")).status_code == 401
