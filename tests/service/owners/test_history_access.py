from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.event import Event
from contracts.sto import (
    CenterRegistered,
    CenterVerificationChanged,
    EmployeeDeactivated,
    EmployeeJoined,
    LinkApproved,
    LinkEvent,
    LinkRequested,
    LinkRevoked,
)
from tests.service.owners.conftest import Owners, Person, completed
from tests.service.owners.test_transfer import handed_over
from tests.support.golden import golden

HISTORY = ("service-entries", "odometer")

type Without = Callable[[Garage, datetime], list[Event]]


class Garage:
    """A center with one mechanic and its link to a car."""

    def __init__(self, owner: Person, mechanic: Person, car: str) -> None:
        self.owner = owner
        self.center_id, self.link_id, self.employee_id = uuid4(), uuid4(), uuid4()
        self.mechanic, self.car_id = mechanic, UUID(car.rpartition("/")[2])

    def joined(self) -> Event:
        return golden(EmployeeJoined, "mechanic", **self._employment(1))

    def left(self) -> Event:
        return golden(EmployeeDeactivated, "left", **self._employment(2))

    def link(self, event: type[LinkEvent], example: str, sequence: int, **changes: Any) -> Event:
        ids = {
            "link_id": self.link_id,
            "car_id": self.car_id,
            "center_id": self.center_id,
            "owner_id": self.owner.user_id,
        }
        given = {"scopes": ["odometer", "history_read"], "expires_at": None} | changes
        return golden(event, example, sequence=sequence, **ids, **given)

    def approved(self, sequence: int = 2, **changes: Any) -> Event:
        return self.link(LinkApproved, "two-scopes-for-a-year", sequence, **changes)

    def suspended(self) -> list[Event]:
        decided = {"center_id": self.center_id, "sequence": 2, "previous": "approved", "verification": "suspended"}
        return [
            golden(CenterRegistered, "founded", center_id=self.center_id, sequence=1),
            golden(CenterVerificationChanged, "approved", **decided),
        ]

    def _employment(self, sequence: int) -> dict[str, Any]:
        return {
            "employee_id": self.employee_id,
            "center_id": self.center_id,
            "user_id": self.mechanic.user_id,
            "sequence": sequence,
        }


async def garage(owners: Owners) -> tuple[Person, str, Garage]:
    anna, mechanic = await owners.sign_in(), await owners.sign_in()
    car = await owners.car(anna)
    own = {
        "service_date": "2024-02-01",
        "lines": [{"title": "Сам менял", "kind": "part", "amount": {"amount_minor": 5, "currency": "RUB"}}],
        "note": "только для меня",
        "odometer": {"value": "180000", "unit": "km"},
    }
    await owners.created(f"{car}/service-entries", anna, own)
    await owners.deliver(completed(car))
    return anna, car, Garage(anna, mechanic, car)


async def statuses(owners: Owners, car: str, person: Person) -> set[int]:
    return {(await owners.get(f"{car}/{path}", person)).status_code for path in HISTORY}


async def test_linked_centers_people_see_the_history_without_money_and_notes(owners: Owners) -> None:
    anna, car, center = await garage(owners)
    await owners.deliver(center.approved(), center.joined())
    theirs = await owners.listed(f"{car}/service-entries", center.mechanic)
    own = await owners.listed(f"{car}/service-entries", anna)
    assert [entry["id"] for entry in theirs] == [entry["id"] for entry in own]
    for entry in theirs:
        assert (entry["cost"], entry["note"], entry["expense_id"]) == (None, None, None)
        assert {line["amount"] for line in entry["lines"]} == {None}
        one = await owners.get(f"{car}/service-entries/{entry['id']}", center.mechanic)
        assert one.json() == entry
    assert {entry["odometer"]["value"] for entry in theirs} == {"180000", "187420"}
    readings = await owners.listed(f"{car}/odometer", center.mechanic)
    assert readings == await owners.listed(f"{car}/odometer", anna)


async def test_linked_centers_people_see_nothing_else_and_change_nothing(owners: Owners) -> None:
    anna, car, center = await garage(owners)
    await owners.deliver(center.approved(), center.joined())
    entry = (await owners.listed(f"{car}/service-entries", anna))[-1]
    path = f"{car}/service-entries/{entry['id']}"
    who = center.mechanic
    answers = [
        await owners.get(car, who),
        await owners.get(f"{car}/expenses", who),
        await owners.get(f"{car}/expenses/{entry['expense_id']}", who),
        await owners.patch(car, who, {"plate": "X"}, 1),
        await owners.patch(path, who, {"note": "x"}, 1),
        await owners.delete(path, who, 1),
        await owners.post(f"{car}/odometer", who, {"odometer": {"value": "1", "unit": "km"}}),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    assert await owners.listed("/v1/cars", who) == []


async def test_read_models_may_arrive_in_any_order(owners: Owners) -> None:
    _, car, center = await garage(owners)
    await owners.deliver(center.joined())
    assert await statuses(owners, car, center.mechanic) == {404}
    await owners.deliver(center.approved())
    assert await statuses(owners, car, center.mechanic) == {200}
    await owners.deliver(center.link(LinkRequested, "by-the-center", 1))
    assert await statuses(owners, car, center.mechanic) == {200}


@pytest.mark.parametrize(
    "without",
    [
        lambda center, _: [center.link(LinkRequested, "by-the-center", 1), center.joined()],
        lambda center, _: [center.approved(scopes=["odometer", "create_visit"]), center.joined()],
        lambda center, _: [center.approved(), center.joined(), center.link(LinkRevoked, "revoked", 3)],
        lambda center, past: [center.approved(expires_at=past), center.joined()],
        lambda center, _: [center.approved(), center.joined(), center.left()],
        lambda center, _: [center.approved(), Garage(center.owner, center.mechanic, f"/{uuid4()}").joined()],
        lambda center, _: [Garage(center.owner, center.mechanic, f"/{uuid4()}").approved(), center.joined()],
        lambda center, _: [center.approved(), center.joined(), *center.suspended()],
    ],
    ids=["requested", "other scopes", "revoked", "expired", "left", "another center", "another car", "suspended"],
)
async def test_without_a_valid_link_a_history_is_not_there(owners: Owners, without: Without) -> None:
    _, car, center = await garage(owners)
    await owners.deliver(*without(center, owners.clock() - timedelta(seconds=1)))
    assert await statuses(owners, car, center.mechanic) == {404}


async def test_replayed_read_models_keep_the_newest_state(owners: Owners) -> None:
    _, car, center = await garage(owners)
    await owners.deliver(center.approved(), center.joined(), center.link(LinkRevoked, "revoked", 3))
    before = await owners.checksums()
    await owners.execute("TRUNCATE inbox")
    await owners.deliver(*owners.delivered)
    assert await owners.checksums() == before
    assert await statuses(owners, car, center.mechanic) == {404}


async def test_link_of_an_earlier_owner_opens_nothing_at_once(owners: Owners) -> None:
    anna, car, garage_ = await garage(owners)
    await owners.deliver(garage_.joined(), garage_.approved())
    assert await statuses(owners, car, garage_.mechanic) == {200}
    boris = await owners.sign_in()
    await handed_over(owners, car, anna, boris)
    assert await statuses(owners, car, garage_.mechanic) == {404}
    garage_.owner = boris
    await owners.deliver(garage_.approved(3))
    [attested] = await owners.listed(f"{car}/service-entries", garage_.mechanic)  # what anna typed stayed with her
    assert attested["provenance"] == "attested"
