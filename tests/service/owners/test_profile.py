from datetime import timedelta
from typing import Any

from tests.service.owners.conftest import Owners, completed


async def test_profile_is_read_and_edited(owners: Owners) -> None:
    anna = await owners.sign_in()
    read = await owners.get("/v1/me", anna)
    assert read.headers["etag"] == '"1"'
    assert read.json()["user_id"] == str(anna.user_id)
    changes = {"time_zone": "Asia/Yekaterinburg", "currency": "KZT", "distance_unit": "mi", "volume_unit": "gal_us"}
    edited = await owners.patch("/v1/me", anna, changes, 1)
    assert (edited.status_code, edited.headers["etag"]) == (200, '"2"')
    assert edited.json().items() >= changes.items()
    updated = (await owners.events("owners.user"))[-1]
    assert (updated["type"], updated["sequence"], updated["currency"]) == ("owners.user.updated", 2, "KZT")
    assert len(await owners.events("owners.profile")) == 1


async def test_new_name_travels_on_the_profile_topic_only(owners: Owners) -> None:
    anna = await owners.sign_in()
    await owners.patch("/v1/me", anna, {"display_name": "  Анна К. "}, 1)
    assert len(await owners.events("owners.user")) == 1
    profile = (await owners.events("owners.profile"))[-1]
    assert (profile["display_name"], profile["sequence"]) == ("Анна К.", 2)


async def test_edit_that_changes_nothing_publishes_nothing(owners: Owners) -> None:
    anna = await owners.sign_in()
    for _ in range(2):
        assert (await owners.patch("/v1/me", anna, {"currency": "RUB"}, 1)).headers["etag"] == '"1"'
    assert len(await owners.events("owners.user")) == 1


async def test_edit_asks_for_the_version_that_was_read(owners: Owners) -> None:
    anna = await owners.sign_in()
    assert (await owners.patch("/v1/me", anna, {"currency": "EUR"}, None)).status_code == 428
    assert (await owners.patch("/v1/me", anna, {"currency": "EUR"}, 1)).status_code == 200
    assert (await owners.patch("/v1/me", anna, {"currency": "USD"}, 1)).status_code == 412


WRONG_SETTINGS: list[dict[str, Any]] = [
    {"time_zone": "Mars/Olympus"},
    {"time_zone": "../../etc/passwd"},
    {"time_zone": "localtime"},
    {"currency": "XXX"},
    {"currency": "SUR"},
    {"currency": "rub"},
    {"currency": None},
    {"locale": "de"},
    {"display_name": " "},
    {"display_name": "x" * 129},
    {"user_id": "00000000-0000-0000-0000-000000000000"},
    {"telegram_id": 1},
    {"version": 7},
]


async def test_wrong_settings_are_refused(owners: Owners) -> None:
    anna = await owners.sign_in()
    for changes in WRONG_SETTINGS:
        assert (await owners.patch("/v1/me", anna, changes, 1)).status_code == 422


async def test_erasure_leaves_the_id_and_the_attested_facts(owners: Owners) -> None:
    anna = await owners.sign_in(first_name="Анастасия", last_name="Неповторимая")
    await owners.patch("/v1/me", anna, {"display_name": "Настя Неповторимая"}, 1)
    car = await owners.car(anna, nickname="Ласточка Неповторимой")
    entry = {
        "service_date": "2024-01-10",
        "lines": [{"title": "Масло", "kind": "fluid", "amount": {"amount_minor": 100, "currency": "RUB"}}],
        "note": "звонить Неповторимой",
        "vendor": "у Неповторимой",
    }
    await owners.created(f"{car}/service-entries", anna, entry)
    await owners.created(
        f"{car}/expenses",
        anna,
        {
            "expense_date": "2024-01-11",
            "category": "wash",
            "amount": {"amount_minor": 1, "currency": "RUB"},
            "note": "Неповторимая",
        },
    )
    await owners.deliver(completed(car))
    assert (await owners.delete("/v1/me", anna)).status_code == 204

    for (table,) in await owners.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        where = "WHERE topic <> 'owners.profile'" if table == "outbox" else ""
        content = str(await owners.rows(f"SELECT t::text FROM {table} t {where}"))  # noqa: S608
        if table == "outbox":
            content = str(
                await owners.rows("SELECT convert_from(payload, 'UTF8') FROM outbox WHERE topic <> 'owners.profile'")
            )
        for trace in ("Неповторим", "Настя", str(anna.telegram_id), anna.refresh_token):
            assert trace not in content, table
    [kept] = await owners.rows("SELECT provenance FROM service_entry WHERE work_order_id IS NOT NULL")
    assert kept.provenance == "attested"


async def test_erasure_ends_sessions_and_publishes_a_tombstone(owners: Owners) -> None:
    anna = await owners.sign_in()
    assert (await owners.delete("/v1/me", anna)).status_code == 204
    erased = (await owners.events("owners.user"))[-1]
    assert (erased["type"], erased["sequence"], erased["user_id"]) == ("owners.user.erased", 2, str(anna.user_id))
    [tombstone] = await owners.rows("SELECT key FROM outbox WHERE topic = 'owners.profile' AND payload IS NULL")
    assert tombstone.key.decode() == str(anna.user_id)
    refused = await owners.client.post("/v1/auth/refresh", json={"refresh_token": anna.refresh_token})
    assert refused.status_code == 401
    assert (await owners.get("/v1/me", anna)).status_code == 404
    assert (await owners.patch("/v1/me", anna, {"currency": "EUR"}, 2)).status_code == 404
    assert (await owners.post("/v1/cars", anna, {"plate": "A1", "currency": "RUB"})).status_code == 401


async def test_erasure_happens_once(owners: Owners) -> None:
    anna = await owners.sign_in()
    await owners.delete("/v1/me", anna)
    before = await owners.events("owners.user")
    assert (await owners.delete("/v1/me", anna)).status_code == 204
    assert await owners.events("owners.user") == before


async def test_who_comes_back_after_an_erasure_is_a_new_user_without_the_old_cars(owners: Owners) -> None:
    anna = await owners.sign_in()
    await owners.car(anna)
    await owners.delete("/v1/me", anna)
    owners.clock.advance(timedelta(seconds=1))
    again = await owners.sign_in(anna.telegram_id)
    assert again.user_id != anna.user_id
    assert await owners.listed("/v1/cars", again) == []
