from typing import Any

from tests.service.sto.conftest import NOW, PROFILE, Sto
from tests.support.people import Person

EVERY_FIELD = {
    "name": "Гараж на Мира",
    "address": {"city": "Клин", "street": "Мира, 1", "postal_code": None},
    "location": {"latitude": -33.5, "longitude": 151},
    "phones": [],
    "specialities": ["tyres"],
    "makes": [],
    "time_zone": "Asia/Almaty",
    "currency": "KZT",
    "prices_include_tax": False,
}


async def test_whoever_registers_a_center_is_its_first_owner(sto: Sto) -> None:
    founder = Person()
    answer = await sto.post("/v1/service-centers", founder, PROFILE)
    assert answer.status_code == 201
    assert answer.headers["etag"] == '"1"'
    center = answer.json()
    assert answer.headers["location"] == f"/v1/service-centers/{center['id']}"
    assert center["verification"] == "draft"
    assert center["my_role"] == "owner"
    assert {name: center[name] for name in PROFILE} == PROFILE
    shown = await sto.get(answer.headers["location"], founder)
    assert shown.json() == center

    (registered,) = await sto.events("sto.center")
    (joined,) = await sto.events("sto.employee")
    by = {"user_id": str(founder.user_id), "role": "owner"}
    assert registered == {
        "type": "registered",
        "sequence": 1,
        "occurred_at": NOW.isoformat().replace("+00:00", "Z"),
        "actor": by,
        "center_id": center["id"],
        "name": "Гараж на Ленина",
        "city": "Тверь",
        "time_zone": "Europe/Moscow",
        "currency": "RUB",
        "prices_include_tax": True,
        "verification": "draft",
    }
    assert (joined["type"], joined["sequence"], joined["actor"]) == ("joined", 1, by)
    assert (joined["user_id"], joined["role"], joined["active"]) == (str(founder.user_id), "owner", True)


async def test_registering_again_with_the_same_key_makes_one_center(sto: Sto) -> None:
    founder = Person()
    answers = [await sto.post("/v1/service-centers", founder, PROFILE, key="one") for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(await sto.rows("SELECT * FROM service_center")) == 1
    assert len(await sto.rows("SELECT * FROM employee")) == 1


WRONG: list[tuple[str, Any]] = [
    ("name", "  "),
    ("name", None),
    ("phones", ["84822123456"]),
    ("specialities", ["cooking"]),
    ("time_zone", "Europe/Moskva"),
    ("currency", "RUR"),
    ("location", {"latitude": 91, "longitude": 0}),
    ("location", {"latitude": 0}),
    ("address", {"city": "Тверь"}),
    ("verification", "approved"),
    ("prices_include_tax", None),
]


async def test_a_wrong_field_is_named_and_nothing_is_made(sto: Sto) -> None:
    for field, value in WRONG:
        answer = await sto.post("/v1/service-centers", Person(), PROFILE | {field: value})
        assert answer.status_code == 422, field
        assert [error["pointer"].split("/")[1] for error in answer.json()["errors"]] == [field]
    assert await sto.rows("SELECT * FROM service_center") == []


async def test_an_owner_and_a_manager_edit_every_field(sto: Sto) -> None:
    owner = Person()
    center = await sto.found(owner)
    manager, _ = await sto.hire(center, owner, "manager")
    for version, (field, value) in enumerate(EVERY_FIELD.items(), start=1):
        answer = await sto.patch(center, (owner, manager)[version % 2], {field: value}, version)
        assert answer.status_code == 200, answer.text
        assert answer.json()[field] == value
        assert answer.headers["etag"] == f'"{version + 1}"'
    shown = (await sto.get(center, owner)).json()
    assert {field: shown[field] for field in EVERY_FIELD} == EVERY_FIELD
    events = await sto.events("sto.center")
    assert [event["sequence"] for event in events] == list(range(1, len(EVERY_FIELD) + 2))
    assert {event["type"] for event in events[1:]} == {"updated"}
    assert (events[-1]["name"], events[-1]["currency"]) == ("Гараж на Мира", "KZT")


async def test_an_edit_that_changes_nothing_makes_no_event(sto: Sto) -> None:
    owner = Person()
    center = await sto.found(owner)
    answer = await sto.patch(center, owner, {"name": PROFILE["name"]}, 1)
    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
    assert len(await sto.events("sto.center")) == 1


async def test_an_edit_of_a_stale_version_changes_nothing(sto: Sto) -> None:
    owner = Person()
    center = await sto.found(owner)
    assert (await sto.patch(center, owner, {"name": "A"}, 1)).status_code == 200
    assert (await sto.patch(center, owner, {"name": "B"}, 1)).status_code == 412
    assert (await sto.patch(center, owner, {"name": "B"}, None)).status_code == 428
    assert (await sto.get(center, owner)).json()["name"] == "A"


async def test_an_edit_sets_nothing_to_null_and_nothing_unknown(sto: Sto) -> None:
    owner = Person()
    center = await sto.found(owner)
    for body in ({"name": None}, {"phones": None}, {"id": "x"}, {"address": {"city": None}}):
        assert (await sto.patch(center, owner, body, 1)).status_code == 422, body
    assert (await sto.get(center, owner)).headers["etag"] == '"1"'


async def test_an_unapproved_center_does_not_exist_for_strangers(sto: Sto) -> None:
    owner, stranger = Person(), Person()
    center = await sto.found(owner)
    missing = "/v1/service-centers/0198f3a2-7c1e-7001-8b1d-4f6e2a9c0001"
    for path in (center, missing):
        read = await sto.get(path, stranger)
        edit = await sto.patch(path, stranger, {"name": "Mine"}, 1)
        people = await sto.get(f"{path}/employees", stranger)
        assert [read.status_code, edit.status_code, people.status_code] == [404, 404, 404]
    assert (await sto.get(center, sto.moderator)).status_code == 200


async def test_an_approved_center_is_seen_by_everybody_and_edited_by_its_own(sto: Sto) -> None:
    owner, stranger = Person(), Person()
    center = await sto.approved(owner)
    shown = await sto.get(center, stranger)
    assert (shown.status_code, shown.json()["my_role"]) == (200, None)
    assert (await sto.patch(center, stranger, {"name": "Mine"}, 4)).status_code == 403
    assert (await sto.get(center, owner)).json()["name"] == PROFILE["name"]


async def test_a_malformed_id_is_a_missing_center(sto: Sto) -> None:
    assert (await sto.get("/v1/service-centers/tver", Person())).status_code == 404


async def test_nobody_reads_without_a_token(sto: Sto) -> None:
    assert (await sto.client.get("/v1/service-centers")).status_code == 401
