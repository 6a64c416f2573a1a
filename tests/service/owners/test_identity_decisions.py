"""Several cars claim one VIN or frame number: what moderators see, what they decide, and what becomes of the cars."""

import asyncio
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import pytest

from owners.db.moderation import MODERATORS
from owners.settings import OwnersSettings
from tests.service.owners.conftest import VIN, Owners, Person, completed

QUEUE = "/v1/moderation/identities"
OTHER_VIN = "XTA21099043576199"
CONFIRM = {"decision": "confirm", "reason": "The registration certificate agrees."}
REJECT = {"decision": "reject", "reason": "The photo of the plate shows another number."}


async def command(owners: Owners, *arguments: str) -> int:
    """`python -m owners moderator …`, on a thread of its own because it runs a loop of its own."""
    settings = OwnersSettings(database_worker_url=owners.urls.worker_url)
    return await asyncio.to_thread(MODERATORS.command, settings, list(arguments))


async def named(owners: Owners) -> Person:
    """A moderator."""
    person = await owners.sign_in(first_name="Мария")
    assert await command(owners, "add", str(person.user_id)) == 0
    return person


def case_of(car: str) -> str:
    return f"{QUEUE}/{car.rpartition('/')[2]}"


def id_of(car: str) -> str:
    return car.rpartition("/")[2]


async def disputed(owners: Owners) -> tuple[Person, Person, str, str]:
    """Two owners, the first one's car with the VIN, and the second one's that disputes it."""
    anna, boris = await owners.sign_in(), await owners.sign_in(first_name="Борис")
    first, rival = await owners.car(anna, plate="К482МН66"), await owners.car(boris, model="2109", year=1999)
    await owners.deliver(completed(first))
    await owners.deliver(completed(rival, center_id=str(uuid4())))
    return anna, boris, first, rival


class Seen(NamedTuple):
    """What a decision says that its moderator looked at."""

    version: int
    rival_id: str | None


async def look(owners: Owners, car: str) -> Seen:
    """The car as it is, whether or not somebody may look at it."""
    [row] = await owners.rows(
        "SELECT version, (SELECT car_id FROM identity_claim "
        "WHERE number = coalesce(vin, frame_number) AND car_id <> id) AS rival_id FROM car WHERE id = :id",
        id=id_of(car),
    )
    return Seen(row.version, row.rival_id and str(row.rival_id))


async def decide(
    owners: Owners,
    car: str,
    moderator: Person,
    body: dict[str, Any],
    *,
    seen: Seen | None = None,
    key: str | None = None,
) -> httpx.Response:
    """Asks for a decision about what there is, unless something else was seen."""
    version, rival_id = seen or await look(owners, car)
    headers = moderator.acting(key=key, version=version)
    return await owners.client.post(f"{case_of(car)}/decision", headers=headers, json=body | {"rival_id": rival_id})


async def status(owners: Owners, car: str, person: Person) -> str:
    said: str = (await owners.get(car, person)).json()["identity"]
    return said


async def whole(owners: Owners) -> None:
    """One car has each claim, it is the one that is confirmed, and the events of cars have no gaps."""
    claims = await owners.rows("SELECT kind, number, car_id FROM identity_claim ORDER BY number")
    confirmed = await owners.rows(
        "SELECT CASE WHEN vin IS NULL THEN 'frame_number' ELSE 'vin' END, coalesce(vin, frame_number), id FROM car "
        "WHERE identity_confirmed ORDER BY 2"
    )
    assert [tuple(row) for row in claims] == [tuple(row) for row in confirmed]
    sequences: dict[str, list[int]] = {}
    for event in await owners.events("owners.car"):
        sequences.setdefault(event["car_id"], []).append(event["sequence"])
    assert all(found == list(range(1, len(found) + 1)) for found in sequences.values()), sequences


async def test_queue_shows_the_claims_and_nothing_of_their_owners(owners: Owners) -> None:
    anna, boris, first, rival = await disputed(owners)
    typed = await owners.car(anna, nickname="Ласточка")
    await owners.deliver(completed(first))
    moderator = await named(owners)
    [case] = await owners.listed(QUEUE, moderator)
    assert (case["car_id"], case["kind"], case["number"], case["more_rivals"]) == (id_of(rival), "vin", VIN, False)
    assert case["claim"] | {"registered_at": None, "first_attested_at": None} == {
        "car_id": id_of(rival),
        "make": "Lada",
        "model": "2109",
        "year": 1999,
        "plate": None,
        "identity": "disputed",
        "registered_at": None,
        "first_attested_at": None,
        "archived_at": None,
        "attested_work_orders": 1,
        "attesting_centers": 1,
    }
    assert case["claim"]["first_attested_at"] == case["disputed_at"]
    assert (case["rival_id"], await look(owners, rival)) == (id_of(first), Seen(case["version"], id_of(first)))
    assert [(claim["car_id"], claim["identity"], claim["attested_work_orders"]) for claim in case["rivals"]] == [
        (id_of(first), "confirmed", 2),
        (id_of(typed), "unconfirmed", 0),
    ]
    assert case["rivals"][0]["plate"] == "К482МН66"
    one = await owners.get(case_of(rival), moderator)
    assert (one.json(), one.headers["etag"]) == (case, f'"{case["version"]}"')
    for hidden in (str(anna.user_id), str(boris.user_id), "Борис", "Ласточка", "981100", str(boris.telegram_id)):
        assert hidden not in str(case)


async def test_queue_goes_on_page_by_page_with_the_oldest_dispute_first(owners: Owners) -> None:
    anna, moderator = await owners.sign_in(), await named(owners)
    cars = [await owners.car(anna) for _ in range(6)]
    for place, car in enumerate(cars):
        await owners.deliver(completed(car, occurred_at=f"2024-03-15T10:0{9 - place}:00Z"))
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = (await owners.get(QUEUE, moderator, limit=2, **cursor)).json()
        seen += [case["car_id"] for case in answer["data"]]
        if not answer["has_more"]:
            break
        cursor = {"cursor": answer["next_cursor"]}
    assert seen == [id_of(car) for car in reversed(cars[1:])]
    assert (await owners.get(QUEUE, moderator, cursor="x")).status_code == 400


async def test_many_typed_claims_are_cut_and_the_one_that_has_it_stays_in_sight(owners: Owners) -> None:
    anna, moderator = await owners.sign_in(), await named(owners)
    cars = [await owners.car(anna) for _ in range(23)]
    await owners.deliver(completed(cars[-1]))
    case = (await owners.get(case_of(cars[0]), moderator)).json()
    assert (len(case["rivals"]), case["more_rivals"]) == (20, True)
    assert case["rivals"][0]["car_id"] == id_of(cars[-1])


async def test_confirmation_passes_the_identity_and_both_cars_are_told_of(owners: Owners) -> None:
    anna, boris, first, rival = await disputed(owners)
    moderator = await named(owners)
    published = len(await owners.events("owners.car"))
    answer = await decide(owners, rival, moderator, CONFIRM)
    assert (answer.status_code, answer.json()["claim"]["identity"]) == (200, "confirmed"), answer.text
    assert [claim["identity"] for claim in answer.json()["rivals"]] == ["rejected"]
    [decision] = answer.json()["decisions"]
    assert decision | {"id": None, "decided_at": None} == {
        "id": None,
        "decision": "confirm",
        "car_id": id_of(rival),
        "rival_id": id_of(first),
        "moderator_id": str(moderator.user_id),
        "reason": CONFIRM["reason"],
        "decided_at": None,
    }
    assert (await status(owners, rival, boris), await status(owners, first, anna)) == ("confirmed", "rejected")
    assert answer.headers["etag"] == (await owners.get(rival, boris)).headers["etag"]
    told = (await owners.events("owners.car"))[published:]
    assert [(event["type"], event["car_id"], event["outcome"], event["identity_confirmed"]) for event in told] == [
        ("owners.car.identity-decided", id_of(rival), "confirmed", True),
        ("owners.car.identity-decided", id_of(first), "rejected", False),
    ]
    assert {event["decision_id"] for event in told} == {decision["id"]}
    assert {event["actor"]["role"] for event in told} == {"moderator"}
    assert CONFIRM["reason"] not in str(told)
    for event, person in zip(told, (boris, anna), strict=True):
        [row] = await owners.rows("SELECT sequence, version, updated_at FROM car WHERE id = :id", id=event["car_id"])
        assert (event["owner_id"], event["sequence"], owners.clock()) == (
            str(person.user_id),
            row.sequence,
            row.updated_at,
        )
    await whole(owners)
    assert await owners.listed(QUEUE, moderator) == []


async def test_rejection_leaves_the_identity_and_lets_the_owner_describe_the_car_anew_once(owners: Owners) -> None:
    anna, boris, first, rival = await disputed(owners)
    moderator = await named(owners)
    assert (await decide(owners, rival, moderator, REJECT)).json()["claim"]["identity"] == "rejected"
    assert await status(owners, first, anna) == "confirmed"
    await owners.deliver(completed(rival))
    assert await status(owners, rival, boris) == "rejected"  # the same wrong VIN once more is no new dispute
    version = int((await owners.get(rival, boris)).headers["etag"].strip('"'))
    plate = await owners.patch(rival, boris, {"plate": "А001АА77"}, version)
    assert plate.json()["identity"] == "rejected"
    emptied = await owners.patch(rival, boris, {"vin": None}, version + 1)
    assert (emptied.status_code, emptied.json()["identity"]) == (200, "rejected")
    retyped = await owners.patch(rival, boris, {"vin": OTHER_VIN}, version + 2)
    assert (retyped.status_code, retyped.json()["identity"]) == (200, "unconfirmed")
    again = await owners.patch(rival, boris, {"vin": VIN}, version + 3)
    assert (again.status_code, again.json()["type"]) == (409, "urn:carpass:problem:identity-attested")
    await owners.deliver(completed(rival, car={"vin": OTHER_VIN}))
    assert await status(owners, rival, boris) == "confirmed"
    await whole(owners)


async def test_decision_can_be_put_right_by_another_one(owners: Owners) -> None:
    anna, boris, first, rival = await disputed(owners)
    moderator = await named(owners)
    for car in (rival, first, rival, first):
        assert (await decide(owners, car, moderator, CONFIRM)).status_code == 200
    assert (await status(owners, first, anna), await status(owners, rival, boris)) == ("confirmed", "rejected")
    decisions = (await owners.get(case_of(first), moderator)).json()["decisions"]
    assert [decision["car_id"] for decision in decisions] == [id_of(car) for car in (first, rival) * 2]
    await whole(owners)


async def test_unrivalled_claim_can_be_confirmed_before_any_center_saw_the_car(owners: Owners) -> None:
    anna, moderator = await owners.sign_in(), await named(owners)
    car = await owners.car(anna, vin=None, frame_number="NCP310012345")
    assert (await decide(owners, car, moderator, CONFIRM)).json()["claim"]["identity"] == "confirmed"
    refused = await owners.patch(car, anna, {"frame_number": "NCP310012346"}, 2)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:carpass:problem:identity-attested")
    other = await owners.car(anna, vin=None, frame_number="NCP310012345")
    taken = await decide(owners, other, moderator, CONFIRM)
    assert (taken.status_code, taken.json()["type"]) == (409, "urn:carpass:problem:identity-taken")
    await whole(owners)


async def test_what_is_settled_is_not_decided_again(owners: Owners) -> None:
    _, _, first, rival = await disputed(owners)
    anna, moderator = await owners.sign_in(), await named(owners)
    typed, nameless = await owners.car(anna, vin=OTHER_VIN), await owners.car(anna, vin=None)
    before = await owners.checksums()
    refused = [
        await decide(owners, first, moderator, CONFIRM),
        await decide(owners, first, moderator, REJECT),
        await decide(owners, typed, moderator, REJECT),
    ]
    assert {(answer.status_code, answer.json()["type"]) for answer in refused} == {
        (409, "urn:carpass:problem:identity-settled")
    }
    for missing in (nameless, f"/v1/cars/{uuid4()}"):
        assert (await decide(owners, missing, moderator, CONFIRM, seen=Seen(1, None))).status_code == 404
        assert (await owners.get(case_of(missing), moderator)).status_code == 404
    assert (await owners.get(case_of("/v1/cars/x"), moderator)).status_code == 404
    assert (await decide(owners, rival, moderator, CONFIRM, seen=Seen(99, id_of(first)))).status_code == 412
    unversioned = await owners.post(f"{case_of(rival)}/decision", moderator, CONFIRM | {"rival_id": id_of(first)})
    assert unversioned.status_code == 428
    assert await owners.checksums() == before


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"decision": "confirm", "rival_id": null}',
        b'{"decision": "confirm", "reason": "x"}',
        b'{"decision": "confirm", "rival_id": "x", "reason": "x"}',
        b'{"decision": "confirm", "rival_id": null, "reason": "  "}',
        b'{"decision": "maybe", "rival_id": null, "reason": "x"}',
        b'{"decision": "confirm", "rival_id": null, "reason": "x", "car_id": "1"}',
        b'{"decision": "confirm", "rival_id": null, "reason": NaN}',
        b'{"decision": 1e400, "rival_id": null, "reason": "x"}',
        b'{"decision": "confirm", "rival_id": null, "reason": "a\\u0000b"}',
        b'{"decision": "confirm", "rival_id": null, "reason": "\\ud800"}',
        b'{"decision": "confirm", "rival_id": null, "decision": "reject", "reason": "x"}',
        b"[]",
        b'{"decision": "confirm", "rival_id": null, "reason": "' + b"x" * 2001 + b'"}',
    ],
)
async def test_hostile_body_decides_nothing(owners: Owners, body: bytes) -> None:
    _, _, _, rival = await disputed(owners)
    moderator = await named(owners)
    before = await owners.checksums()
    headers = moderator.acting(version=3) | {"Content-Type": "application/json"}
    answer = await owners.client.post(f"{case_of(rival)}/decision", headers=headers, content=body)
    assert answer.status_code in {400, 422}, answer.text
    assert await owners.checksums() == before


async def test_repetition_with_its_key_answers_the_same_and_decides_nothing_more(owners: Owners) -> None:
    _, _, _, rival = await disputed(owners)
    moderator = await named(owners)
    seen = await look(owners, rival)
    first = await decide(owners, rival, moderator, CONFIRM, key="once", seen=seen)
    before = await owners.checksums()
    again = await decide(owners, rival, moderator, CONFIRM, key="once", seen=seen)
    assert (again.status_code, again.content, again.headers["etag"]) == (200, first.content, first.headers["etag"])
    other = await decide(owners, rival, moderator, REJECT, key="once", seen=seen)
    assert other.status_code == 422
    assert await owners.checksums() == before
