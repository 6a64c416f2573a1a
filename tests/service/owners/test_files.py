"""Files of a car: kept by what they are, shown to whom the car is shown, gone with what they belong to."""

import asyncio
from datetime import timedelta
from hashlib import sha256
from typing import Any

import httpx
import pytest

from owners.domain.files import MOST_FILES_HERE
from tests.service.owners.conftest import Owners, Person, completed
from tests.service.owners.test_access import accepted, invited
from tests.service.owners.test_transfer import EXPENSE, FUEL, SERVICE, handed_over

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"
JPEG = b"\xff\xd8\xff\xe0" + b"receipt"
PDF = b"%PDF-1.7\n<script>alert(1)</script>"
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 "


async def sent(owners: Owners, car: str, person: Person, content: bytes, **place: Any) -> httpx.Response:
    headers = person.acting() | {"Content-Type": "text/html"}
    asked = {"car_id": car.rpartition("/")[2], **place}
    return await owners.client.post("/v1/attachments", params=asked, content=content, headers=headers)


async def kept(owners: Owners, car: str, person: Person, content: bytes, **place: Any) -> dict[str, Any]:
    answer = await sent(owners, car, person, content, **place)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def with_entry(owners: Owners) -> tuple[Person, str, dict[str, str]]:
    anna = await owners.sign_in()
    car = await owners.car(anna, energy_kinds=["petrol"])
    service = await owners.created(f"{car}/service-entries", anna, SERVICE)
    expense = await owners.created(f"{car}/expenses", anna, EXPENSE)
    fuel = await owners.created(f"{car}/fuel-entries", anna, FUEL)
    return anna, car, {"service_entry_id": service["id"], "expense_id": expense["id"], "fuel_entry_id": fuel["id"]}


@pytest.mark.parametrize(
    ("kind", "path"),
    [("service_entry_id", "service-entries"), ("expense_id", "expenses"), ("fuel_entry_id", "fuel-entries")],
)
async def test_file_belongs_to_an_entry(owners: Owners, kind: str, path: str) -> None:
    anna, car, ids = await with_entry(owners)
    made = await kept(owners, car, anna, PDF, **{kind: ids[kind], "name": 'Чек "2024".pdf'})
    assert (made["media_type"], made["size"], made["sha256"]) == ("application/pdf", len(PDF), sha256(PDF).hexdigest())
    shown = (await owners.get(f"{car}/{path}/{ids[kind]}", anna)).json()
    assert shown["attachments"] == [made]
    [listed] = [row for row in await owners.listed(f"{car}/{path}", anna) if row["id"] == ids[kind]]
    assert listed["attachments"] == [made]
    answer = await owners.get(f"/v1/attachments/{made['id']}", anna)
    assert answer.content == PDF
    headers = answer.headers
    assert (headers["content-type"], headers["x-content-type-options"]) == ("application/pdf", "nosniff")
    assert headers["content-disposition"].startswith("attachment; ")
    assert "filename*=UTF-8''%D0%A7%D0%B5%D0%BA%20%222024%22.pdf" in headers["content-disposition"]
    assert "sandbox" in headers["content-security-policy"]
    unchanged = await owners.client.get(
        f"/v1/attachments/{made['id']}", headers=anna.headers | {"If-None-Match": headers["etag"]}
    )
    assert (unchanged.status_code, unchanged.content) == (304, b"")


@pytest.mark.parametrize("content", [b"<html>", b"MZ\x90", b"PK\x03\x04", b"\x00" * 20, b"GIF89a", b"<svg/>"])
async def test_content_decides_what_a_file_is(owners: Owners, content: bytes) -> None:
    anna, car, ids = await with_entry(owners)
    before = await owners.checksums()
    refused = await sent(owners, car, anna, content, expense_id=ids["expense_id"], name="picture.png")
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:carpass:problem:unsupported-file")
    assert await owners.checksums() == before


@pytest.mark.parametrize(
    "place",
    [{}, {"photo": "true", "expense_id": "0199aaaa-0000-7000-8000-000000000000"}, {"expense_id": "1"}, {"else": "1"}],
)
async def test_one_place_is_named(owners: Owners, place: dict[str, str]) -> None:
    anna, car, _ = await with_entry(owners)
    assert (await sent(owners, car, anna, PNG, **place)).status_code == 422


async def test_empty_and_huge_files_are_refused(owners: Owners) -> None:
    anna, car, ids = await with_entry(owners)
    before = await owners.checksums()
    assert (await sent(owners, car, anna, b"", expense_id=ids["expense_id"])).status_code == 422
    assert (await sent(owners, car, anna, PNG + b"\0" * 10_000_000, photo="true")).status_code == 413
    assert await owners.checksums() == before


async def test_same_content_is_kept_once_and_goes_with_its_last_place(owners: Owners) -> None:
    anna, car, ids = await with_entry(owners)
    one = await kept(owners, car, anna, JPEG, expense_id=ids["expense_id"])
    again = await kept(owners, car, anna, JPEG, expense_id=ids["expense_id"])
    other = await kept(owners, car, anna, JPEG, service_entry_id=ids["service_entry_id"])
    assert (again["id"], other["id"] == one["id"]) == (one["id"], False)
    assert (await owners.rows("SELECT count(*) FROM file_content"))[0][0] == 1
    assert (await owners.delete(f"/v1/attachments/{other['id']}", anna)).status_code == 204
    assert (await owners.get(f"/v1/attachments/{one['id']}", anna)).content == JPEG
    assert (await owners.delete(f"{car}/expenses/{ids['expense_id']}", anna, 1)).status_code == 204
    assert (await owners.rows("SELECT count(*) FROM file_content"))[0][0] == 0
    assert (await owners.get(f"/v1/attachments/{one['id']}", anna)).status_code == 404


async def test_entry_has_a_limit_of_files_even_when_they_come_at_once(owners: Owners) -> None:
    anna, car, ids = await with_entry(owners)
    files = [PNG + bytes([number]) for number in range(MOST_FILES_HERE + 3)]
    answers = await asyncio.gather(*(sent(owners, car, anna, one, expense_id=ids["expense_id"]) for one in files))
    assert sorted(answer.status_code for answer in answers) == [201] * MOST_FILES_HERE + [409] * 3


async def test_photo_is_an_image_and_takes_the_place_of_the_one_before(owners: Owners) -> None:
    anna, car, _ = await with_entry(owners)
    assert (await sent(owners, car, anna, PDF, photo="true")).status_code == 422
    await kept(owners, car, anna, PNG, photo="true")
    made = await kept(owners, car, anna, WEBP, photo="true")
    assert (await owners.get(car, anna)).json()["photo"] == made
    assert [row["photo"]["id"] for row in await owners.listed("/v1/cars", anna)] == [made["id"]]
    assert (await owners.rows("SELECT count(*) FROM file_content"))[0][0] == 1


async def test_documented_service_is_told_to_others(owners: Owners) -> None:
    anna, car, ids = await with_entry(owners)
    made = await kept(owners, car, anna, PDF, service_entry_id=ids["service_entry_id"])
    entry = f"{car}/service-entries/{ids['service_entry_id']}"
    version = int((await owners.get(entry, anna)).headers["etag"].strip('"'))
    assert (await owners.patch(entry, anna, {"note": "mine"}, version)).status_code == 200
    assert (await owners.delete(f"/v1/attachments/{made['id']}", anna)).status_code == 204
    changed = [one for one in await owners.events("owners.record") if one["type"] == "owners.service-entry.changed"]
    assert [one["has_attachment"] for one in changed] == [True, True, False]


async def test_files_are_for_the_cars_people(owners: Owners) -> None:
    anna, car, ids = await with_entry(owners)
    people = {role: await owners.sign_in() for role in ("viewer", "driver", "manager", "stranger")}
    for role in ("viewer", "driver", "manager"):
        await accepted(owners, people[role], (await invited(owners, car, anna, role))["token"])
    file = f"/v1/attachments/{(await kept(owners, car, anna, PNG, expense_id=ids['expense_id']))['id']}"
    seen = {role: (await owners.get(file, person)).status_code for role, person in people.items()}
    assert seen == {"viewer": 200, "driver": 200, "manager": 200, "stranger": 404}
    before = await owners.checksums()
    refused = {
        role: (await sent(owners, car, people[role], JPEG, expense_id=ids["expense_id"])).status_code
        for role in ("viewer", "driver", "stranger")
    }
    assert refused == {"viewer": 403, "driver": 403, "stranger": 404}
    assert (await sent(owners, car, people["manager"], JPEG, photo="true")).status_code == 403
    assert (await owners.delete(file, people["driver"])).status_code == 403
    assert (await owners.delete(file, people["stranger"])).status_code == 404
    assert await owners.checksums() == before
    assert (await owners.delete(file, people["manager"])).status_code == 204


async def test_attested_service_takes_no_file(owners: Owners) -> None:
    anna, car, _ = await with_entry(owners)
    await owners.deliver(completed(car, owner_id=str(anna.user_id)))
    rows = await owners.listed(f"{car}/service-entries", anna)
    [attested] = [row["id"] for row in rows if row["provenance"] == "attested"]
    assert (await sent(owners, car, anna, PNG, service_entry_id=attested)).status_code == 409


async def test_files_stay_with_the_old_owner(owners: Owners) -> None:
    anna, car, ids = await with_entry(owners)
    boris = await owners.sign_in()
    photo = await kept(owners, car, anna, PNG, photo="true")
    await kept(owners, car, anna, PDF, expense_id=ids["expense_id"])
    await handed_over(owners, car, anna, boris)
    assert (await owners.get(f"/v1/attachments/{photo['id']}", boris)).status_code == 404
    assert (await owners.get(car, boris)).json()["photo"] is None
    own = await kept(owners, car, boris, PNG, photo="true")
    assert (await owners.get(car, boris)).json()["photo"] == own
    assert (await owners.get(car, anna)).json()["photo"] == photo
    assert (await owners.delete(f"/v1/attachments/{photo['id']}", anna)).status_code == 403
    assert (await sent(owners, car, anna, JPEG, expense_id=ids["expense_id"])).status_code == 403


DOCUMENT = {"kind": "insurance", "number": "ХХХ 0123456789", "issued_on": "2024-01-01", "expires_on": "2025-01-01"}


async def test_document_has_a_term_files_and_versions(owners: Owners) -> None:
    anna, car, _ = await with_entry(owners)
    today = owners.clock().date()
    made = await owners.created(f"{car}/documents", anna, DOCUMENT)
    assert made["validity"] == "expired"
    one = f"{car}/documents/{made['id']}"
    for days, validity in ((0, "expiring"), (60, "valid"), (-2, "expired")):
        version = int((await owners.get(one, anna)).headers["etag"].strip('"'))
        edited = await owners.patch(one, anna, {"expires_on": str(today + timedelta(days=days + 1))}, version)
        assert (edited.status_code, edited.json()["validity"]) == (200, validity)
    scan = await kept(owners, car, anna, PDF, document_id=made["id"])
    [listed] = await owners.listed(f"{car}/documents", anna)
    assert listed["attachments"] == [scan]
    assert (await owners.patch(one, anna, {"expires_on": "2023-01-01"}, 4)).status_code == 422
    assert (await owners.patch(one, anna, {"note": "x"}, 1)).status_code == 412
    assert (await owners.delete(one, anna, 4)).status_code == 204
    assert (await owners.get(f"/v1/attachments/{scan['id']}", anna)).status_code == 404


async def test_documents_are_kept_by_owner_and_managers(owners: Owners) -> None:
    anna, car, _ = await with_entry(owners)
    boris, vera = await owners.sign_in(), await owners.sign_in()
    await accepted(owners, boris, (await invited(owners, car, anna, "driver"))["token"])
    made = await owners.created(f"{car}/documents", anna, DOCUMENT)
    before = await owners.checksums()
    assert (await owners.get(f"{car}/documents", boris)).json()["data"][0]["number"] == DOCUMENT["number"]
    assert await owners.created_status(f"{car}/documents", boris, DOCUMENT) == 403
    assert (await owners.patch(f"{car}/documents/{made['id']}", boris, {"note": "x"}, 1)).status_code == 403
    assert (await owners.get(f"{car}/documents", vera)).status_code == 404
    assert await owners.created_status(f"{car}/documents", vera, DOCUMENT) == 404
    assert await owners.checksums() == before


async def test_edits_tell_who_changed_what(owners: Owners) -> None:
    anna, car, ids = await with_entry(owners)
    boris = await owners.sign_in()
    await accepted(owners, boris, (await invited(owners, car, anna, "manager"))["token"])
    one = f"{car}/expenses/{ids['expense_id']}"
    assert (await owners.get(f"{one}/edits", anna)).json() == {"data": [], "next_before": None}
    assert (await owners.patch(one, anna, {"note": "two"}, 1)).status_code == 200
    more = {"amount": {"amount_minor": 7, "currency": "RUB"}, "category": "toll"}
    assert (await owners.patch(one, boris, more, 2)).status_code == 200
    latest, first = (await owners.get(f"{one}/edits", boris)).json()["data"]
    assert (latest["version"], latest["edited_by"]) == (3, str(boris.user_id))
    assert latest["changes"] == {
        "category": {"before": "wash", "after": "toll"},
        "amount_minor": {"before": 5_000, "after": 7},
    }
    assert (first["edited_by"], first["changes"]) == (
        (str(anna.user_id), {"note": {"before": "private", "after": "two"}})
    )
    assert (await owners.get(f"{one}/edits", anna, before=3)).json()["data"] == [first]
    assert (await owners.get(f"{one}/edits", await owners.sign_in())).status_code == 404
    assert (await owners.delete(one, anna, 3)).status_code == 204
    assert (await owners.rows("SELECT count(*) FROM entry_edit"))[0][0] == 0


async def test_figures_computed_anew_are_no_edits(owners: Owners) -> None:
    anna, car, _ = await with_entry(owners)
    await owners.created(
        f"{car}/fuel-entries", anna, FUEL | {"odometer": {"value": "2500", "unit": "km"}, "filled_on": "2024-03-01"}
    )
    assert (await owners.rows("SELECT count(*) FROM entry_edit"))[0][0] == 0


async def test_erasure_leaves_no_file_document_or_former_text(owners: Owners) -> None:
    anna, car, ids = await with_entry(owners)
    await kept(owners, car, anna, PNG, photo="true")
    await owners.created(f"{car}/documents", anna, DOCUMENT)
    assert (await owners.patch(f"{car}/expenses/{ids['expense_id']}", anna, {"note": "Пётр"}, 1)).status_code == 200
    assert (await owners.client.delete("/v1/me", headers=anna.acting(version=1))).status_code == 204
    for table in ("file_content", "attachment", "car_document", "entry_edit"):
        assert (await owners.rows(f"SELECT count(*) FROM {table}"))[0][0] == 0, table  # noqa: S608
