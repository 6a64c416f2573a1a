"""How an owner shares a car, and how that ends."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from owners.consumers import access_timers
from tests.service.owners.conftest import Owners, Person


async def invited(owners: Owners, car: str, owner: Person, role: str = "driver", **more: Any) -> dict[str, Any]:
    return await owners.created(f"{car}/invitations", owner, {"role": role, **more})


async def accepted(owners: Owners, person: Person, token: str) -> dict[str, Any]:
    return await owners.created("/v1/access-invitations/acceptance", person, {"token": token})


async def shared(owners: Owners, role: str = "driver", **more: Any) -> tuple[Person, Person, str, dict[str, Any]]:
    """An owner, somebody with access, the car, the grant."""
    anna, boris = await owners.sign_in(), await owners.sign_in(first_name="Борис")
    car = await owners.car(anna)
    invitation = await invited(owners, car, anna, role, **more)
    return anna, boris, car, await accepted(owners, boris, invitation["token"])


async def test_link_shares_a_car_with_whoever_follows_it(owners: Owners) -> None:
    anna, boris, car, grant = await shared(owners, "driver")
    seen = (await owners.get(car, boris)).json()
    assert (seen["my_role"], grant["role"], grant["user_id"]) == ("driver", "driver", str(boris.user_id))
    assert [row["id"] for row in await owners.listed("/v1/cars", boris)] == [seen["id"]]
    [listed] = await owners.listed(f"{car}/access", anna)
    assert (listed["id"], listed["display_name"]) == (grant["id"], "Борис Тест")
    published = (await owners.events("owners.car"))[-1]
    assert (published["type"], published["sequence"], published["role"]) == ("owners.access.granted", 1, "driver")
    assert published["grantee_id"] == str(boris.user_id)


async def test_purchase_is_the_owners_to_see(owners: Owners) -> None:
    anna, boris, car, _ = await shared(owners, "manager")
    version = int((await owners.get(car, anna)).headers["etag"].strip('"'))
    bought = {"purchase": {"date": "2020-05-01", "price": {"amount_minor": 90_000_000, "currency": "RUB"}}}
    assert (await owners.patch(car, anna, bought, version)).status_code == 200
    assert (await owners.get(car, anna)).json()["purchase"]["price"]["amount_minor"] == 90_000_000
    assert (await owners.get(car, boris)).json()["purchase"] is None


async def test_link_works_once_even_for_two_at_the_same_time(owners: Owners) -> None:
    anna = await owners.sign_in()
    people = [await owners.sign_in() for _ in range(4)]
    car = await owners.car(anna)
    token = (await invited(owners, car, anna))["token"]
    path, body = "/v1/access-invitations/acceptance", {"token": token}
    answers = await asyncio.gather(*(owners.post(path, person, body) for person in people))
    assert sorted(answer.status_code for answer in answers) == [201, 410, 410, 410]
    assert len(await owners.listed(f"{car}/access", anna)) == 1


async def test_token_is_told_once_and_stored_nowhere(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    first = await owners.post(f"{car}/invitations", anna, {"role": "viewer"}, key="0199aaaa-1")
    again = await owners.post(f"{car}/invitations", anna, {"role": "viewer"}, key="0199aaaa-1")
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert again.json()["token"] is None
    [listed] = await owners.listed(f"{car}/invitations", anna)
    assert (listed["id"], listed["token"]) == (first.json()["id"], None)
    for (table,) in await owners.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        assert first.json()["token"] not in str(await owners.rows(f"SELECT t::text FROM {table} t"))  # noqa: S608


async def test_links_that_do_not_work_say_why_and_give_nothing(owners: Owners) -> None:
    anna, boris, car, _ = await shared(owners)
    vera = await owners.sign_in()
    path = "/v1/access-invitations/acceptance"
    assert (await owners.post(path, vera, {"token": "no such token"})).status_code == 404
    own = (await invited(owners, car, anna))["token"]
    assert (await owners.post(path, anna, {"token": own})).json()["type"].endswith("own-invitation")
    assert (await owners.post(path, boris, {"token": own})).json()["type"].endswith("already-shared")
    withdrawn = await invited(owners, car, anna)
    gone = f"{car}/invitations/{withdrawn['id']}"
    assert (await owners.delete(gone, vera, 1)).status_code == 404
    assert (await owners.delete(gone, anna, 1)).status_code == 204
    assert (await owners.post(path, vera, {"token": withdrawn["token"]})).status_code == 410
    old = await invited(owners, car, anna)
    await owners.execute("UPDATE access_invitation SET expires_at = created_at WHERE id = :id", id=UUID(old["id"]))
    assert (await owners.post(path, vera, {"token": old["token"]})).status_code == 410
    assert (await owners.get(car, vera)).status_code == 404
    assert await accepted(owners, vera, own)  # the link that failed for two others is still good


async def test_revoked_access_ends_with_the_next_request(owners: Owners) -> None:
    anna, boris, car, grant = await shared(owners, "manager")
    one = f"{car}/access/{grant['id']}"
    assert (await owners.delete(one, anna)).status_code == 428
    assert (await owners.delete(one, anna, 7)).status_code == 412
    assert (await owners.delete(one, anna, grant["version"])).status_code == 204
    for path in (car, f"{car}/expenses", f"{car}/service-entries", f"{car}/odometer", f"{car}/fuel-entries"):
        assert (await owners.get(path, boris)).status_code == 404
    assert await owners.listed("/v1/cars", boris) == []
    assert await owners.listed(f"{car}/access", anna) == []
    ended = (await owners.events("owners.car"))[-1]
    assert (ended["type"], ended["sequence"], ended["because"]) == ("owners.access.ended", 2, "revoked")


async def test_who_has_access_sees_only_the_own_and_may_give_it_up(owners: Owners) -> None:
    anna, boris, car, grant = await shared(owners, "viewer")
    other = await accepted(owners, await owners.sign_in(), (await invited(owners, car, anna))["token"])
    assert [row["id"] for row in await owners.listed(f"{car}/access", boris)] == [grant["id"]]
    assert (await owners.delete(f"{car}/access/{other['id']}", boris, 1)).status_code in {403, 404}
    assert (await owners.delete(f"{car}/access/{grant['id']}", boris, 1)).status_code == 204
    assert (await owners.events("owners.car"))[-1]["because"] == "left"
    assert [row["id"] for row in await owners.listed(f"{car}/access", anna)] == [other["id"]]


async def test_changed_role_holds_at_once(owners: Owners) -> None:
    anna, boris, car, grant = await shared(owners, "viewer")
    one = f"{car}/access/{grant['id']}"
    reading = {"odometer": {"value": "1000", "unit": "km"}, "observed_on": "2024-01-01"}
    assert (await owners.post(f"{car}/odometer", boris, reading)).status_code == 403
    changed = await owners.patch(one, anna, {"role": "driver"}, 1)
    assert (changed.status_code, changed.json()["role"], changed.headers["etag"]) == (200, "driver", '"2"')
    assert (await owners.post(f"{car}/odometer", boris, reading)).status_code == 201
    assert (await owners.patch(one, boris, {"role": "manager"}, 2)).status_code == 403
    assert (await owners.events("owners.car"))[-1]["type"] == "owners.access.changed"
    assert (await owners.patch(one, anna, {"expires_at": "2001-01-01T00:00:00Z"}, 2)).status_code == 422
    assert (await owners.patch(one, anna, {"role": "owner"}, 2)).status_code == 422
    assert (await owners.patch(one, anna, {"role": None}, 2)).status_code == 422


async def test_access_ends_by_itself(owners: Owners) -> None:
    until = owners.clock() + timedelta(hours=1)
    anna, boris, car, grant = await shared(owners, "driver", access_until=until.isoformat())
    assert (await owners.get(car, boris)).status_code == 200
    # The database asks its own clock: bring the end near instead of waiting for it.
    await owners.execute("UPDATE access_grant SET expires_at = now() - interval '1 second'")
    assert (await owners.get(car, boris)).status_code == 404
    [timer] = await owners.rows("SELECT kind, subject, due_at FROM timer")
    assert (timer.kind, timer.subject, timer.due_at) == ("access-expiry", grant["id"], until)
    owners.clock.advance(timedelta(hours=2))
    timers = access_timers(owners.clock)
    assert await timers.run_due(owners.worker)
    assert not await timers.run_due(owners.worker)
    ended = (await owners.events("owners.car"))[-1]
    assert (ended["type"], ended["because"], ended["actor"]["role"]) == ("owners.access.ended", "expired", "system")
    assert await owners.listed(f"{car}/access", anna) == []


async def test_longer_access_moves_its_end_and_an_endless_one_has_no_timer(owners: Owners) -> None:
    until = owners.clock() + timedelta(hours=1)
    anna, _, car, grant = await shared(owners, "driver", access_until=until.isoformat())
    one, later = f"{car}/access/{grant['id']}", until + timedelta(days=1)
    assert (await owners.patch(one, anna, {"expires_at": later.isoformat()}, 1)).status_code == 200
    assert [row.due_at for row in await owners.rows("SELECT due_at FROM timer")] == [later]
    assert (await owners.patch(one, anna, {"expires_at": None}, 2)).json()["expires_at"] is None
    assert await owners.rows("SELECT 1 FROM timer") == []


async def test_erased_owner_and_erased_guest_share_nothing_any_more(owners: Owners) -> None:
    anna, boris, car, _ = await shared(owners, "driver")
    open_link = await invited(owners, car, anna)
    assert (await owners.delete("/v1/me", boris)).status_code == 204
    assert await owners.listed(f"{car}/access", anna) == []
    assert (await owners.events("owners.car"))[-1]["because"] == "erased"
    vera = await owners.sign_in()
    assert (await owners.delete("/v1/me", anna)).status_code == 204
    refused = await owners.post("/v1/access-invitations/acceptance", vera, {"token": open_link["token"]})
    assert refused.status_code == 410


async def test_nobody_learns_the_names_of_a_car_that_is_not_theirs(owners: Owners) -> None:
    anna, boris, car, _ = await shared(owners, "viewer")
    vera = await owners.sign_in()
    car_id = UUID(car.rpartition("/")[2])
    for person, known in ((anna, True), (boris, True), (vera, False)):
        async with owners.api.transaction(user_id=person.user_id) as tx:
            rows = await tx.rows("SELECT user_id, display_name FROM people_of_car($1)", car_id)
        assert bool(rows) == known
