from uuid import UUID, uuid4

from chassis.consuming import RawRecord, apply_batch
from contracts.owners import (
    CarArchived,
    CarIdentityDecided,
    CarRegistered,
    CarUpdated,
    ProfileUpdated,
    UserErased,
    UserRegistered,
)
from sto.consumers import subscriptions
from tests.service.sto.conftest import Sto, shared, unshared
from tests.support.golden import golden
from tests.support.people import Person


def registered(car_id: UUID, **changes: object) -> CarRegistered:
    return golden(CarRegistered, "vin", **{"car_id": car_id, "sequence": 1, "plate": "А001АА77", **changes})


def updated(car_id: UUID, **changes: object) -> CarUpdated:
    return golden(CarUpdated, "identity-confirmed", **{"car_id": car_id, "archived": False, **changes})


def profile(person: Person, name: str, sequence: int) -> ProfileUpdated:
    return golden(ProfileUpdated, "name", user_id=person.user_id, display_name=name, sequence=sequence)


def tombstone(person: Person) -> RawRecord:
    return RawRecord("owners.profile", 0, 1000, str(person.user_id).encode(), None)


def erased(person: Person) -> UserErased:
    return golden(UserErased, "erased", user_id=person.user_id)


async def plates(sto: Sto) -> dict[UUID, tuple[str, bool]]:
    return {row.id: (row.plate, row.archived) for row in await sto.rows("SELECT * FROM car")}


async def names(sto: Sto) -> dict[UUID, str | None]:
    return {row.user_id: row.display_name for row in await sto.rows("SELECT * FROM person")}


async def test_the_newest_state_of_a_car_wins_in_whatever_order_it_comes(sto: Sto) -> None:
    one, other = uuid4(), uuid4()
    await sto.deliver(
        registered(one),
        registered(other),
        updated(one, sequence=3, plate="А003АА77"),
        updated(one, sequence=2, plate="А002АА77"),
    )
    await sto.deliver(golden(CarArchived, "sold", car_id=other, sequence=2, plate="А001АА77", archived=True))
    await sto.deliver(registered(one), updated(one, sequence=2, plate="А002АА77"))
    assert await plates(sto) == {one: ("А003АА77", False), other: ("А001АА77", True)}
    await sto.deliver(golden(CarIdentityDecided, "rejected", car_id=one, sequence=4, plate="А004АА77"))
    assert (await plates(sto))[one] == ("А004АА77", False)


async def test_the_newest_name_of_a_person_wins(sto: Sto) -> None:
    person = Person()
    await sto.deliver(profile(person, "Анна", 1), profile(person, "Анна К.", 2))
    await sto.deliver(profile(person, "Анна", 1))
    assert await names(sto) == {person.user_id: "Анна К."}


async def test_settings_of_a_person_change_nothing_here(sto: Sto) -> None:
    before = await sto.checksums()
    outcome = await sto.deliver(golden(UserRegistered, "first-sign-in"))
    assert (outcome.ignored, outcome.applied) == (1, 0)
    assert await sto.checksums() == before


async def test_an_erased_person_has_no_name_and_no_late_event_brings_it_back(sto: Sto) -> None:
    by_event, by_tombstone, before_any_name = Person(), Person(), Person()
    await sto.deliver(profile(by_event, "Анна", 1), profile(by_tombstone, "Борис", 1))
    await sto.deliver(erased(by_event), tombstone(by_tombstone), erased(before_any_name))
    await sto.deliver(
        profile(by_event, "Анна", 2), profile(by_tombstone, "Борис", 2), profile(before_any_name, "Вера", 1)
    )
    assert set((await names(sto)).values()) == {None}


async def test_a_name_and_its_erasure_in_one_batch_leave_nothing(sto: Sto) -> None:
    person, other = Person(), Person()
    await sto.deliver(profile(person, "Анна", 1), tombstone(person), profile(other, "Борис", 1), erased(other))
    assert set((await names(sto)).values()) == {None}


async def test_an_erasure_leaves_no_name_in_any_table(sto: Sto) -> None:
    owner, gone = Person(), Person()
    center = await sto.found(owner)
    await sto.deliver(profile(gone, "Аполлинарий Незабудкин", 1))
    joined = await sto.accept(await sto.invite(center, owner, "mechanic"), gone)
    listed = (await sto.get(f"{center}/employees", owner)).json()["data"]
    assert "Аполлинарий Незабудкин" in {employee["display_name"] for employee in listed}
    await sto.patch(f"{center}/employees/{joined.json()['id']}", owner, {"role": "manager"}, 1)
    assert await sto.rows("SELECT * FROM idempotency_key WHERE principal = :id", id=gone.user_id)

    await sto.deliver(erased(gone))
    for table in await sto.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        text = "\n".join(row.line for row in await sto.rows(f"SELECT t::text AS line FROM {table.tablename} t"))  # noqa: S608
        assert "Незабудкин" not in text
        assert "Незабудкин".encode().hex() not in text
    assert await sto.rows("SELECT * FROM idempotency_key WHERE principal = :id", id=gone.user_id) == []
    after = (await sto.get(f"{center}/employees", owner)).json()["data"]
    assert [(employee["role"], employee["display_name"]) for employee in after] == [("owner", None), ("manager", None)]


async def test_a_replay_of_everything_with_an_empty_inbox_changes_nothing(sto: Sto) -> None:
    staff, owner, gone = Person(), Person(), Person()
    center = await sto.approved(staff)
    await sto.linked(center, staff, owner)
    car_id = await sto.car(owner)
    await sto.deliver(updated(car_id, sequence=2, owner_id=owner.user_id, plate="А002АА77"))
    await sto.deliver(profile(staff, "Анна", 1), profile(gone, "Борис", 1), profile(staff, "Анна К.", 2))
    await sto.deliver(tombstone(gone), erased(gone))
    for sharer in (staff, gone):
        granted = shared(car_id, owner, sharer, "manager")
        await sto.deliver(granted, unshared(granted))
    await sto.deliver(shared(car_id, owner, Person(), "driver"))
    before = await sto.checksums()
    await sto.execute("DELETE FROM inbox")
    for record in sto.delivered:
        await apply_batch(sto.worker, subscriptions, [record])
    await apply_batch(sto.worker, subscriptions, sto.delivered)
    assert await sto.checksums() == before
