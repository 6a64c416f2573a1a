"""Links of a car that its owner shares: who sees them, who decides on them, and when that is over."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from contracts.owners import AccessChanged, CarTransferred, UserErased
from tests.service.sto.conftest import Sto, shared, unshared
from tests.support.eventually import eventually
from tests.support.golden import golden
from tests.support.people import Person

LINKS = "/v1/car-links"
ROLES = ("viewer", "driver", "manager")
STEPS = (("approval", "requested"), ("decline", "requested"), ("revocation", "approved"))


@dataclass
class Shared:
    """A car with a link that a center has asked for, its owner, and the people whom the owner trusts with it."""

    sto: Sto
    staff: Person
    owner: Person
    people: dict[str, Person]
    car_id: UUID
    link: str

    def granted(self, role: str, **changes: Any) -> Any:
        return shared(self.car_id, self.owner, self.people[role], role, **changes)

    async def approved(self) -> None:
        assert (await self.sto.post(f"{self.link}/approval", self.owner, {})).status_code == 200

    async def step(self, step: str, person: Person) -> int:
        return (await self.sto.post(f"{self.link}/{step}", person, {} if step == "approval" else None)).status_code

    async def sees(self, person: Person) -> bool:
        """Whether this person reads the link and finds it in the lists; every way says the same."""
        read = (await self.sto.get(self.link, person)).status_code
        lists = [await self.sto.get(LINKS, person, **query) for query in ({}, {"car_id": str(self.car_id)})]
        assert read in {200, 404}
        assert {bool(answer.json()["data"]) for answer in lists} == {read == 200}
        return read == 200


async def _share(sto: Sto) -> Shared:
    staff, owner = Person(), Person()
    center = await sto.approved(staff)
    car_id = await sto.car(owner)
    link = (await sto.request_link(center, staff, car_id)).headers["location"]
    made = Shared(sto, staff, owner, {role: Person() for role in ROLES}, car_id, link)
    await sto.deliver(*(made.granted(role) for role in ROLES))
    return made


@pytest.fixture
async def car(impatient_sto: Sto) -> Shared:
    return await _share(impatient_sto)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("step", "status"), STEPS)
async def test_each_role_sees_the_link_and_a_manager_decides(car: Shared, role: str, step: str, status: str) -> None:
    person = car.people[role]
    if status == "approved":
        await car.approved()
    assert await car.sees(person)
    before = await car.sto.checksums()
    answer = await car.step(step, person)
    assert answer == (200 if role == "manager" else 403)
    assert (await car.sto.checksums() == before) is (role != "manager")
    if role == "manager":
        [*_, event] = await car.sto.events("sto.link")
        assert event["actor"] == {"user_id": str(person.user_id), "role": "car_manager"}
        assert event["owner_id"] == str(car.owner.user_id)


async def test_a_manager_of_the_car_grants_less_than_was_asked_for_and_is_told_which_car_it_is(car: Shared) -> None:
    manager = car.people["manager"]
    answer = await car.sto.post(f"{car.link}/approval", manager, {"scopes": ["create_visit"]})
    assert (answer.json()["scopes"], answer.json()["car_label"]) == (["create_visit"], "Toyota Corolla А123ВС77")
    await car.step("revocation", manager)
    labels = {(await car.sto.get(car.link, person)).json()["car_label"] for person in car.people.values()}
    assert labels == {"Toyota Corolla А123ВС77"}
    assert (await car.sto.get(car.link, car.staff)).json()["car_label"] is None


@pytest.mark.parametrize("because", ["revoked", "left", "expired", "erased", "transferred"])
async def test_access_that_ended_opens_nothing(car: Shared, because: str) -> None:
    await car.sto.deliver(*(unshared(car.granted(role), because) for role in ROLES))
    before = await car.sto.checksums()
    for person in car.people.values():
        assert not await car.sees(person)
        assert [await car.step(step, person) for step, _ in STEPS] == [404, 404, 404]
    assert await car.sto.checksums() == before


async def test_access_counts_until_its_time_is_over_whether_or_not_an_event_says_so(car: Shared) -> None:
    now = datetime.now(UTC)  # the database's clock
    manager = car.people["manager"]
    for sequence, expires_at, counts in (
        (2, now - timedelta(seconds=1), False),
        (3, now + timedelta(hours=1), True),
        (4, now - timedelta(hours=1), False),
    ):
        granted = car.granted("manager", sequence=sequence, expires_at=expires_at)
        await car.sto.deliver(AccessChanged.model_validate(granted.model_dump()))
        assert await car.sees(manager) is counts
    assert await car.step("approval", manager) == 404


async def test_what_an_owner_shares_opens_no_other_owners_links(car: Shared) -> None:
    other, buyer = Person(), Person()
    await car.sto.deliver(shared(car.car_id, other, buyer, "manager"))
    assert not await car.sees(buyer)
    assert await car.step("approval", buyer) == 404


async def test_after_a_transfer_the_old_owners_people_see_no_links_and_the_old_owner_does(car: Shared) -> None:
    buyer = Person()
    sold = golden(
        CarTransferred,
        "sold",
        car_id=car.car_id,
        owner_id=buyer.user_id,
        previous_owner_id=car.owner.user_id,
        sequence=2,
    )
    await car.sto.deliver(*(unshared(car.granted(role), "transferred") for role in ROLES), sold)
    assert [await car.sees(person) for person in (*car.people.values(), buyer, car.owner)] == [False] * 4 + [True]


@pytest.mark.parametrize("erased", ["manager", "owner"])
async def test_who_is_erased_shares_nothing_any_more(car: Shared, erased: str) -> None:
    gone = car.owner if erased == "owner" else car.people["manager"]
    await car.sto.deliver(golden(UserErased, "erased", user_id=gone.user_id))
    assert not await car.sees(car.people["manager"])
    assert await car.sees(car.people["viewer"]) is (erased == "manager")
    late = car.granted("manager", sequence=7)
    await car.sto.deliver(AccessChanged.model_validate(late.model_dump()))
    assert await car.step("approval", car.people["manager"]) == 404


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
async def test_access_events_in_any_order_and_twice_end_alike(sto: Sto, order: tuple[int, ...]) -> None:
    granted = shared(uuid4(), Person(), Person(), "viewer")
    changed = granted.model_copy(update={"role": "manager", "sequence": 2})
    told = [granted, AccessChanged.model_validate(changed.model_dump()), unshared(changed)]
    for place in order:
        await sto.deliver(told[place])
        await sto.deliver(told[place])
    [row] = await sto.rows("SELECT role, ended, sequence FROM car_access")
    assert tuple(row) == ("manager", True, 11)


@pytest.mark.parametrize("known_as", ["nobody", "viewer"])
async def test_a_decision_waits_for_the_access_that_allows_it(sto: Sto, known_as: str) -> None:
    car = await _share(sto)
    person = Person() if known_as == "nobody" else car.people[known_as]
    asked = asyncio.create_task(sto.post(f"{car.link}/approval", person, {}))
    await eventually(lambda: sto.waiting_requests == 1)
    await sto.deliver(shared(car.car_id, car.owner, person, "manager", sequence=2))
    answer = await asked
    assert answer.status_code == 200, answer.text


async def test_a_center_that_was_suspended_is_still_seen_by_who_shares_the_car(car: Shared) -> None:
    center = f"/v1/service-centers/{(await car.sto.get(car.link, car.owner)).json()['center_id']}"
    await car.sto.execute("UPDATE service_center SET verification = 'suspended'")
    for person in car.people.values():
        assert await car.sees(person)
        assert (await car.sto.get(center, person)).status_code == 200
    assert (await car.sto.get(center, Person())).status_code == 404


async def test_the_database_shows_each_person_the_own_access_and_lets_only_managers_change_links(car: Shared) -> None:
    for role, person in car.people.items():
        async with car.sto.api.transaction(user_id=person.user_id) as tx:
            assert (await tx.execute(text("SELECT user_id FROM car_access"))).scalars().all() == [person.user_id]
            changed = (await tx.execute(text("UPDATE car_link SET version = version"))).rowcount
        assert changed == (1 if role == "manager" else 0)
    async with car.sto.api.transaction(user_id=car.staff.user_id) as tx:
        assert (await tx.execute(text("SELECT user_id FROM car_access"))).all() == []
