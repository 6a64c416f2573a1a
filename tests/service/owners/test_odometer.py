from datetime import timedelta
from typing import Any

from tests.service.owners.conftest import Owners, completed


def verdicts(readings: list[dict[str, Any]]) -> dict[str, str]:
    return {reading["odometer"]["value"]: reading["odometer"]["verdict"] for reading in readings}


async def test_reading_is_kept_as_entered_with_whole_kilometres_beside_it(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    body = {"odometer": {"value": "100000.50", "unit": "mi"}, "observed_on": "2024-01-05", "time_zone": "Asia/Omsk"}
    made = await owners.created(f"{car}/odometer", anna, body)
    assert made["odometer"] == {"value": "100000.50", "unit": "mi", "km": 160_935, "verdict": "ok"}
    assert (made["source"], made["provenance"], made["time_zone"]) == ("manual", "self_declared", "Asia/Omsk")
    assert (made["observed_on"], made["observed_at"]) == ("2024-01-05", None)
    [judged] = await owners.events("owners.record")
    assert judged["type"] == "owners.odometer.judged"
    assert (judged["sequence"], judged["reading_count"], judged["changed"]) == (1, 1, [judged["last_ok"]])
    assert judged["last_ok"]["value"] == "100000.50"


async def test_instant_tells_the_date_where_it_was_read(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    odometer = {"value": "1000", "unit": "km"}
    body = {"odometer": odometer, "observed_at": "2024-01-05T22:30:00Z", "time_zone": "Asia/Tokyo"}
    made = await owners.created(f"{car}/odometer", anna, body)
    assert (made["observed_on"], made["observed_at"]) == ("2024-01-06", "2024-01-05T22:30:00Z")
    now = await owners.created(f"{car}/odometer", anna, {"odometer": odometer})
    assert now["observed_at"] is not None


async def test_a_slip_is_quarantined_with_candidates_and_moves_nothing(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    await owners.read(car, anna, "199105", "2024-01-01")
    slip = await owners.read(car, anna, "1999105", "2024-01-02")
    assert slip["odometer"]["verdict"] == "quarantined"
    assert {199_105, 199_905} <= set(slip["candidates_km"])
    assert (await owners.get(car, anna)).json()["odometer"]["value"] == "199105"
    judged = (await owners.events("owners.record"))[-1]
    assert (judged["last_ok"]["value"], judged["suspect_count"]) == ("199105", 1)
    assert [one["value"] for one in judged["changed"]] == ["1999105"]


async def test_later_reading_changes_an_earlier_verdict_and_the_change_is_published(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    for value, on in (("60000", "2024-01-01"), ("72345", "2024-01-03")):
        await owners.read(car, anna, value, on)
    assert verdicts(await owners.listed(f"{car}/odometer", anna))["72345"] == "suspect"
    await owners.read(car, anna, "72400", "2024-01-05")
    assert set(verdicts(await owners.listed(f"{car}/odometer", anna)).values()) == {"ok"}
    judged = (await owners.events("owners.record"))[-1]
    assert {one["value"]: one["verdict"] for one in judged["changed"]} == {"72345": "ok", "72400": "ok"}
    assert [event["sequence"] for event in await owners.events("owners.record")] == [1, 2, 3]


async def test_verdicts_are_the_same_in_whatever_order_readings_come(owners: Owners) -> None:
    anna = await owners.sign_in()
    values = {"100000": "2024-01-01", "110000": "2024-01-02", "100900": "2024-01-20", "10090": "2024-01-21"}
    found = []
    for order in (list(values), list(reversed(values)), sorted(values)):
        car = await owners.car(anna)
        for value in order:
            await owners.read(car, anna, value, values[value])
        found.append(verdicts(await owners.listed(f"{car}/odometer", anna)))
    assert found[0] == found[1] == found[2]
    assert len(set(found[0].values())) > 1


NO_NUMBERS: list[str] = ["-1", "", "abc", "NaN", "1e5", " 5", "9" * 13, "0.1234567", "١٢٣"]


async def test_only_what_is_no_number_is_refused(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    for value in NO_NUMBERS:
        answer = await owners.post(f"{car}/odometer", anna, {"odometer": {"value": value, "unit": "km"}})
        assert answer.status_code == 422, value
        assert answer.json()["errors"][0]["pointer"] == "/odometer/value"


ANY_NUMBERS: list[str] = ["0", "999999999999", "1000001"]


async def test_any_number_is_kept(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    for value in ANY_NUMBERS:
        made = await owners.read(car, anna, value, "2024-01-01")
        assert made["odometer"]["value"] == value


IMPOSSIBLE_TIMES: list[dict[str, Any]] = [
    {"observed_on": "2999-01-01"},
    {"observed_on": "1899-12-31"},
    {"observed_on": "2024-02-30"},
    {"observed_at": "2024-01-01T10:00:00"},
    {"observed_on": "2024-01-01", "observed_at": "2024-01-01T10:00:00Z"},
    {"time_zone": "Atlantis"},
]


async def test_impossible_times_are_refused(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    for when in IMPOSSIBLE_TIMES:
        answer = await owners.post(f"{car}/odometer", anna, {"odometer": {"value": "1", "unit": "km"}} | when)
        assert answer.status_code == 422, when


async def test_list_is_newest_first_page_by_page(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    for day in (3, 1, 4, 2):
        await owners.read(car, anna, str(1_000 + day), f"2024-01-0{day}")
    first = (await owners.get(f"{car}/odometer", anna, limit=3)).json()
    rest = (await owners.get(f"{car}/odometer", anna, limit=3, cursor=first["next_cursor"])).json()
    values = [reading["odometer"]["value"] for reading in first["data"] + rest["data"]]
    assert (values, rest["has_more"]) == (["1004", "1003", "1002", "1001"], False)


async def test_rollback_is_published_and_its_proof_cannot_be_taken_away(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    await owners.deliver(completed(car))  # attests 187,420 km on 15 March 2024
    for value, on in (("100000", "2024-04-01"), ("100200", "2024-04-10")):
        entry = {"service_date": on, "lines": [{"title": "Мойка", "kind": "other"}]}
        await owners.created(f"{car}/service-entries", anna, entry | {"odometer": {"value": value, "unit": "km"}})
    judged = (await owners.events("owners.record"))[-1]
    assert judged["rollback_count"] == 2
    assert {one["verdict"] for one in judged["changed"]} == {"rollback"}
    entry = (await owners.listed(f"{car}/service-entries", anna))[0]
    path = f"{car}/service-entries/{entry['id']}"
    for refused in (
        await owners.delete(path, anna, 1),
        await owners.patch(path, anna, {"odometer": None}, 1),
        await owners.patch(path, anna, {"odometer": {"value": "187500", "unit": "km"}}, 1),
        await owners.patch(path, anna, {"service_date": "2024-04-11"}, 1),
    ):
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:carpass:problem:rollback-evidence")
    assert (await owners.patch(path, anna, {"note": "что это?"}, 1)).status_code == 200


async def test_history_of_two_thousand_readings_takes_another_within_the_statement_timeout(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    await owners.execute(
        """
        INSERT INTO odometer_reading (id, car_id, owner_id, source, provenance, value, unit, km, observed_on, time_zone,
            listed_at, author_id, created_at, verdict)
        SELECT gen_random_uuid(), :car, :owner, 'manual', 'self_declared', n * 40, 'km', n * 40,
            DATE '2020-01-01' + n, 'UTC', DATE '2020-01-01' + n, :owner, now(), 'suspect'
        FROM generate_series(1, 2000) AS n
        """,
        car=car.rpartition("/")[2],
        owner=anna.user_id,
    )
    made = await owners.read(car, anna, "80100", "2025-09-01")
    assert made["odometer"]["verdict"] == "ok"
    events = await owners.events("owners.record")
    assert [len(event["changed"]) for event in events] == [500, 500, 500, 500, 1]
    assert [event["sequence"] for event in events] == [1, 2, 3, 4, 5]
    assert len(await owners.rows("SELECT 1 FROM odometer_reading WHERE verdict <> 'ok'")) == 0


async def test_same_key_adds_one_reading(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    body = {"odometer": {"value": "5", "unit": "km"}}
    first = await owners.post(f"{car}/odometer", anna, body, key="one")
    owners.clock.advance(timedelta(seconds=1))
    again = await owners.post(f"{car}/odometer", anna, body, key="one")
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert len(await owners.listed(f"{car}/odometer", anna)) == 1
    assert (await owners.client.post(f"{car}/odometer", headers=anna.headers, json=body)).status_code == 400
