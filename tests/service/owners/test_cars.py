import asyncio
from typing import Any

from tests.service.owners.conftest import VIN, Owners, completed

NORTH_AMERICAN = "1M8GDM9AXKP042788"
FULL: dict[str, Any] = {
    "vin": " xta21099-043576182 ",
    "frame_number": None,
    "plate": "К482МН66",
    "make": "Lada",
    "model": "21099",
    "year": 2004,
    "nickname": "Ласточка",
    "tags": ["семья", "дача", "семья"],
    "energy_kinds": ["petrol", "lpg"],
    "odometer_unit": "km",
    "currency": "RUB",
    "purchase": {
        "date": "2019-06-01",
        "price": {"amount_minor": 12_000_000, "currency": "RUB"},
        "odometer": {"value": "98000", "unit": "km"},
    },
}


async def test_car_is_registered_with_all_details(owners: Owners) -> None:
    anna = await owners.sign_in()
    answer = await owners.post("/v1/cars", anna, FULL)
    car = answer.json()
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
    assert answer.headers["location"] == f"/v1/cars/{car['id']}"
    assert (car["vin"], car["identity"], car["tags"]) == (VIN, "unconfirmed", ["семья", "дача"])
    assert (car["purchase"], car["odometer"], car["archived_at"]) == (FULL["purchase"], None, None)
    assert (await owners.get(answer.headers["location"], anna)).json() == car
    [registered] = await owners.events("owners.car")
    assert registered.items() >= {"type": "owners.car.registered", "sequence": 1, "vin": VIN, "archived": False}.items()
    assert "Ласточка" not in str(registered)


async def test_foreign_check_digit_is_a_warning_and_a_north_american_one_a_refusal(owners: Owners) -> None:
    anna = await owners.sign_in()
    lada = await owners.created("/v1/cars", anna, FULL)
    assert [warning["code"] for warning in lada["warnings"]] == ["vin-check-digit"]
    good = await owners.created("/v1/cars", anna, FULL | {"vin": NORTH_AMERICAN})
    assert good["warnings"] == []
    bad = await owners.post("/v1/cars", anna, FULL | {"vin": NORTH_AMERICAN.replace("X", "1")})
    assert bad.status_code == 422
    [error] = bad.json()["errors"]
    assert error["pointer"] == "/vin"
    assert "would be X" in error["message"]


WRONG_DETAILS: list[dict[str, Any]] = [
    {"vin": "XTA2109904357618О"},  # a Cyrillic letter
    {"vin": "x" * 100},
    {"frame_number": "EK9-1000"},
    {"year": 1769},
    {"year": "2004"},
    {"energy_kinds": ["steam"]},
    {"currency": "XXX"},
    {"odometer_unit": "versts"},
    {"tags": ["x"] * 21},
    {"owner_id": "00000000-0000-0000-0000-000000000000"},
    {"identity_confirmed": True},
    {"purchase": {"price": {"amount_minor": -1, "currency": "RUB"}}},
    {"purchase": {"price": {"amount_minor": 1.5, "currency": "RUB"}}},
    {"purchase": {"odometer": {"value": "-1", "unit": "km"}}},
]


async def test_wrong_details_are_refused(owners: Owners) -> None:
    anna = await owners.sign_in()
    for details in WRONG_DETAILS:
        answer = await owners.post("/v1/cars", anna, FULL | details)
        assert answer.status_code == 422, details
        assert answer.json()["errors"]


async def test_car_that_nothing_tells_from_another_is_refused(owners: Owners) -> None:
    anna = await owners.sign_in()
    answer = await owners.post("/v1/cars", anna, {"currency": "RUB", "year": 2004})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:carpass:problem:nameless-car")
    car = await owners.car(anna, vin=None, make="Lada")
    assert (await owners.patch(car, anna, {"make": None}, 1)).status_code == 422


async def test_what_is_typed_is_not_unique_and_tells_nobody_that_a_car_is_known(owners: Owners) -> None:
    anna, boris = await owners.sign_in(), await owners.sign_in()
    one = await owners.created("/v1/cars", anna, FULL)
    other = await owners.created("/v1/cars", boris, FULL)
    hidden = ("id", "created_at", "updated_at")
    assert {k: v for k, v in one.items() if k not in hidden} == {k: v for k, v in other.items() if k not in hidden}


async def test_edit_changes_what_is_sent_and_empties_what_is_null(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna, nickname="Ласточка", purchase=FULL["purchase"])
    edited = await owners.patch(car, anna, {"nickname": None, "plate": "А1", "purchase": {"date": "2020-01-01"}}, 1)
    assert edited.status_code == 200
    body = edited.json()
    assert (body["nickname"], body["plate"], body["vin"]) == (None, "А1", VIN)
    assert body["purchase"] == {"date": "2020-01-01", "price": None, "odometer": None}
    events = await owners.events("owners.car")
    assert [(event["type"], event["sequence"]) for event in events] == [
        ("owners.car.registered", 1),
        ("owners.car.updated", 2),
    ]
    assert (await owners.patch(car, anna, {"plate": "А1"}, 2)).headers["etag"] == '"2"'
    assert len(await owners.events("owners.car")) == 2


async def test_edit_asks_for_the_version_that_was_read(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    assert (await owners.patch(car, anna, {"plate": "A1"}, None)).status_code == 428
    answers = await asyncio.gather(*(owners.patch(car, anna, {"plate": f"A{n}"}, 1) for n in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 9


async def test_archived_car_stays_readable_and_keeps_its_history(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    await owners.read(car, anna, "1000", "2024-01-01")
    for _ in range(2):
        archived = await owners.post(f"{car}/archive", anna)
        assert archived.json()["archived_at"] is not None
    assert [event["type"] for event in await owners.events("owners.car")][1:] == ["owners.car.archived"]
    assert len(await owners.listed(f"{car}/odometer", anna)) == 1
    assert len(await owners.listed("/v1/cars", anna)) == 1


async def test_list_goes_page_by_page(owners: Owners) -> None:
    anna = await owners.sign_in()
    made = [(await owners.car(anna, plate=str(n))).rpartition("/")[2] for n in range(5)]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        body = (await owners.get("/v1/cars", anna, limit=2, **cursor)).json()
        seen += [car["id"] for car in body["data"]]
        if not body["has_more"]:
            break
        cursor = {"cursor": body["next_cursor"]}
    assert seen == sorted(made, reverse=True)
    assert (await owners.get("/v1/cars", anna, cursor="x")).status_code == 400


async def test_somebody_elses_car_answers_like_a_missing_one(owners: Owners) -> None:
    anna, boris = await owners.sign_in(), await owners.sign_in()
    car = await owners.car(anna)
    missing = "/v1/cars/00000000-0000-7000-8000-000000000000"
    entry = {"service_date": "2024-01-01", "lines": [{"title": "x", "kind": "other"}]}
    expense = {"expense_date": "2024-01-01", "category": "wash", "amount": {"amount_minor": 1, "currency": "RUB"}}
    bodies: dict[str, dict[str, Any]] = {
        "odometer": {"odometer": {"value": "1", "unit": "km"}},
        "service-entries": entry,
        "expenses": expense,
        "archive": {},
    }
    for path in ("", "/odometer", "/service-entries", "/expenses"):
        seen = await owners.get(car + path, boris), await owners.get(missing + path, boris)
        assert [answer.status_code for answer in seen] == [404, 404]
        assert _told(seen[0].json()) == _told(seen[1].json())
    for path, body in bodies.items():
        answers = [await owners.post(f"{each}/{path}", boris, body) for each in (car, missing)]
        assert [answer.status_code for answer in answers] == [404, 404], path
        assert _told(answers[0].json()) == _told(answers[1].json())
    assert (await owners.patch(car, boris, {"plate": "X"}, 1)).status_code == 404
    assert (await owners.patch(car, boris, {"plate": "X"}, 99)).status_code == 404


def _told(problem: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in problem.items() if name != "trace_id"}


async def test_completed_order_confirms_the_identity_and_fixes_it(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    await owners.deliver(completed(car))
    read = await owners.get(car, anna)
    assert read.json()["identity"] == "confirmed"
    confirmed = (await owners.events("owners.car"))[-1]
    assert (confirmed["type"], confirmed["sequence"], confirmed["identity_confirmed"]) == (
        "owners.car.updated",
        2,
        True,
    )
    version = int(read.headers["etag"].strip('"'))
    for change in ({"vin": NORTH_AMERICAN}, {"vin": None}, {"frame_number": "NCP310012345"}):
        refused = await owners.patch(car, anna, change | {"plate": "A1"}, version)
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:carpass:problem:identity-attested")
    assert (await owners.patch(car, anna, {"vin": VIN, "plate": "A1"}, version)).status_code == 200


async def test_rival_claim_to_an_identity_is_disputed_and_its_work_recorded_all_the_same(owners: Owners) -> None:
    anna, boris = await owners.sign_in(), await owners.sign_in()
    first, rival = await owners.car(anna), await owners.car(boris)
    await owners.deliver(completed(first), completed(rival))
    await owners.deliver(completed(rival))
    assert (await owners.get(first, anna)).json()["identity"] == "confirmed"
    assert (await owners.get(rival, boris)).json()["identity"] == "disputed"
    assert len(await owners.listed(f"{rival}/service-entries", boris)) == 2


async def test_two_workers_that_attest_rivals_at_once_confirm_one(owners: Owners) -> None:
    anna = await owners.sign_in()
    cars = [await owners.car(anna) for _ in range(6)]
    await asyncio.gather(*(owners.deliver(completed(car)) for car in cars))
    states = sorted([car["identity"] for car in await owners.listed("/v1/cars", anna)])
    assert states == ["confirmed"] + ["disputed"] * 5


async def test_order_about_another_vin_confirms_nothing(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna, vin=NORTH_AMERICAN)
    await owners.deliver(completed(car))
    assert (await owners.get(car, anna)).json()["identity"] == "unconfirmed"
