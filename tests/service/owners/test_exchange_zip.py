"""A car's life with its files as a zip: taken along, and brought in."""

import asyncio
import io
import json
import zipfile
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest

from contracts.exchange import ExchangeDocument
from owners.domain.files import MOST_FILES_HERE
from tests.service.owners.conftest import Owners, Person
from tests.service.owners.test_access import accepted, invited
from tests.service.owners.test_export import exported, lived_in_car
from tests.service.owners.test_files import DOCUMENT, JPEG, PDF, PNG, WEBP, kept, sent
from tests.service.owners.test_import import send, shown, taken_in
from tests.service.owners.test_transfer import handed_over
from tests.unit.owners.test_exchange_archive import HOSTILE, Members, packed

FILES = {PNG, JPEG, PDF, WEBP}


async def full_car(owners: Owners, anna: Person) -> str:
    """A car with every kind of record, a file with each that takes one, one file twice, and terms of its own."""
    car = await lived_in_car(owners, anna)
    fuel, service = [
        next(row["id"] for row in await owners.listed(f"{car}/{path}", anna) if row.get("provenance") != "attested")
        for path in ("fuel-entries", "service-entries")
    ]
    paper = await owners.created(f"{car}/documents", anna, DOCUMENT)
    await kept(owners, car, anna, PDF, fuel_entry_id=fuel, name="Чек.pdf")
    await kept(owners, car, anna, JPEG, service_entry_id=service)
    await kept(owners, car, anna, JPEG, expense_id=await _parking(owners, car, anna))
    await kept(owners, car, anna, PNG, document_id=paper["id"], name="scan")
    await kept(owners, car, anna, WEBP, photo="true")
    await owners.created(
        f"{car}/valuations", anna, {"valued_on": "2024-03-01", "amount": {"amount_minor": 100, "currency": "RUB"}}
    )
    return car


async def _parking(owners: Owners, car: str, anna: Person) -> str:
    return next(str(row["id"]) for row in await owners.listed(f"{car}/expenses", anna) if row["category"] == "parking")


async def zipped_car(owners: Owners, car: str, person: Person) -> bytes:
    answer = await owners.get(f"{car}/export", person, format="zip")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip"), answer.text
    assert answer.headers["content-disposition"].endswith('.zip"')
    return answer.content


def unpacked(data: bytes) -> Members:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def attached(members: Members) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(members["car.json"])["attachments"]
    return told


async def test_zip_holds_the_document_and_every_file_once(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await full_car(owners, anna)
    data = await zipped_car(owners, car, anna)
    members = unpacked(data)
    assert members.keys() == {"car.json", *(f"attachments/{sha256(one).hexdigest()}" for one in FILES)}
    assert all(sha256(content).hexdigest() == name[12:] for name, content in members.items() if name != "car.json")
    assert members["car.json"] == (await owners.get(f"{car}/export", anna)).content
    document = ExchangeDocument.model_validate_json(members["car.json"])
    assert [(one.belongs_to, one.name, one.size) for one in document.attachments] == [
        ("document", "scan", len(PNG)),
        ("expense", None, len(JPEG)),
        ("fuel_entry", "Чек.pdf", len(PDF)),
        ("photo", None, len(WEBP)),
        ("service_entry", None, len(JPEG)),
    ]
    places = {one.external_id for name in ("documents", "expenses", "fuel_entries", "service_entries")
              for one in getattr(document.data, name)}  # fmt: skip
    assert {one.external_id for one in document.attachments if one.belongs_to != "photo"} <= places
    [paper] = document.data.documents
    assert (paper.document_kind, paper.number) == ("insurance", DOCUMENT["number"])
    assert document.terms is not None
    assert [one.amount_minor for one in document.terms.valuations] == [100]


async def test_same_data_gives_the_same_zip_with_files_as_they_are(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await full_car(owners, anna)
    first = await zipped_car(owners, car, anna)
    assert await zipped_car(owners, car, anna) == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        kinds = {member.filename == "car.json": member.compress_type for member in archive.infolist()}
    assert kinds == {True: zipfile.ZIP_DEFLATED, False: zipfile.ZIP_STORED}


async def test_zip_is_the_owners_alone(owners: Owners) -> None:
    anna, boris, vera = await owners.sign_in(), await owners.sign_in(), await owners.sign_in()
    car = await full_car(owners, anna)
    await accepted(owners, boris, (await invited(owners, car, anna, "manager"))["token"])
    assert (await owners.get(f"{car}/export", boris, format="zip")).status_code == 403
    assert (await owners.get(f"{car}/export", vera, format="zip")).status_code == 404


async def test_export_import_export_is_equal_with_the_same_files(owners: Owners) -> None:
    anna, boris = await owners.sign_in(), await owners.sign_in()
    car = await full_car(owners, anna)
    data = await zipped_car(owners, car, anna)
    other = await owners.car(boris, energy_kinds=["petrol"])
    told = await shown(owners, other, boris, data)
    assert (told["counts"]["new"], told["file_counts"]["new"], told["problems"]) == (6, 5, [])
    assert told["ignored"] == {"terms": 1}
    done = await taken_in(owners, other, boris, data)
    assert (done["counts"]["new"], done["file_counts"]) == (6, {"new": 5, "duplicate": 0, "conflict": 0})
    assert (await exported(owners, other, boris))[1] == (await exported(owners, car, anna))[1]
    again, first = unpacked(await zipped_car(owners, other, boris)), unpacked(data)
    assert attached(again) == attached(first)
    assert {name: content for name, content in again.items() if name != "car.json"} == {
        name: content for name, content in first.items() if name != "car.json"
    }
    assert (await owners.get(other, boris)).json()["photo"]["sha256"] == sha256(WEBP).hexdigest()
    recorded = [one for one in await owners.events("owners.record") if one["type"] == "owners.service-entry.recorded"]
    mine = [one["has_attachment"] for one in recorded if one["car_id"] == other.rpartition("/")[2]]
    assert sorted(mine) == [False, True]


async def test_second_import_adds_neither_records_nor_files(owners: Owners) -> None:
    anna, boris = await owners.sign_in(), await owners.sign_in()
    data = await zipped_car(owners, await full_car(owners, anna), anna)
    other = await owners.car(boris, energy_kinds=["petrol"])
    before = await owners.checksums()
    await shown(owners, other, boris, data)
    assert await owners.checksums() == before
    await taken_in(owners, other, boris, data)
    stored = await owners.rows("SELECT count(*) FROM attachment UNION ALL SELECT count(*) FROM file_content")
    done = await taken_in(owners, other, boris, data)
    assert done["counts"] == {"new": 0, "duplicate": 6, "conflict": 0, "error": 0}
    assert done["file_counts"] == {"new": 0, "duplicate": 5, "conflict": 0}
    assert await owners.rows("SELECT count(*) FROM attachment UNION ALL SELECT count(*) FROM file_content") == stored


async def test_document_first_and_its_files_later(owners: Owners) -> None:
    anna, boris = await owners.sign_in(), await owners.sign_in()
    data = await zipped_car(owners, await full_car(owners, anna), anna)
    other = await owners.car(boris, energy_kinds=["petrol"])
    alone = await taken_in(owners, other, boris, unpacked(data)["car.json"])
    assert (alone["counts"]["new"], alone["ignored"]) == (6, {"terms": 1, "files": 5})
    assert (await owners.rows("SELECT count(*) FROM attachment WHERE owner_id = :id", id=boris.user_id))[0][0] == 0
    done = await taken_in(owners, other, boris, data)
    assert (done["counts"]["new"], done["file_counts"]["new"]) == (0, 5)
    changed = [one for one in await owners.events("owners.record") if one["type"] == "owners.service-entry.changed"]
    mine = [one["has_attachment"] for one in changed if one["car_id"] == other.rpartition("/")[2]]
    assert mine == [True]
    assert unpacked(await zipped_car(owners, other, boris)).keys() == unpacked(data).keys()


async def test_commit_under_a_key_is_answered_again_and_adds_files_once(owners: Owners) -> None:
    anna, boris = await owners.sign_in(), await owners.sign_in()
    data = await zipped_car(owners, await full_car(owners, anna), anna)
    other = await owners.car(boris, energy_kinds=["petrol"])
    told, key = await shown(owners, other, boris, data), str(uuid4())
    answers = [await send(owners, other, boris, data, mode="commit", hash=told["hash"], key=key) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert (await owners.rows("SELECT count(*) FROM attachment WHERE owner_id = :id", id=boris.user_id))[0][0] == 5


async def test_two_imports_of_documents_at_once_add_them_once(owners: Owners) -> None:
    anna, boris = await owners.sign_in(), await owners.sign_in()
    car = await owners.car(anna)
    paper = await owners.created(f"{car}/documents", anna, DOCUMENT)
    await kept(owners, car, anna, PDF, document_id=paper["id"])
    data = await zipped_car(owners, car, anna)
    other = await owners.car(boris)
    told = await shown(owners, other, boris, data)
    answers = await asyncio.gather(
        *(send(owners, other, boris, data, mode="commit", hash=told["hash"]) for _ in range(2))
    )
    assert sorted(one.status_code for one in answers) == [200, 409]
    [listed] = await owners.listed(f"{other}/documents", boris)
    assert len(listed["attachments"]) == 1


async def test_file_that_came_since_the_dry_run_is_a_conflict(owners: Owners) -> None:
    anna, boris = await owners.sign_in(), await owners.sign_in()
    data = await zipped_car(owners, await full_car(owners, anna), anna)
    other = await owners.car(boris, energy_kinds=["petrol"])
    told = await shown(owners, other, boris, data)
    await kept(owners, other, boris, PNG, photo="true")
    before = await owners.checksums()
    answer = await send(owners, other, boris, data, mode="commit", hash=told["hash"])
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:carpass:problem:difference-changed")
    assert await owners.checksums() == before
    again = await shown(owners, other, boris, data)
    assert again["file_counts"] == {"new": 4, "duplicate": 0, "conflict": 1}
    assert again["files"][0]["belongs_to"] == "photo"


async def test_manager_brings_in_all_but_the_photo(owners: Owners) -> None:
    anna, boris, vera = await owners.sign_in(), await owners.sign_in(), await owners.sign_in()
    data = await zipped_car(owners, await full_car(owners, anna), anna)
    other = await owners.car(vera, energy_kinds=["petrol"])
    await accepted(owners, boris, (await invited(owners, other, vera, "manager"))["token"])
    done = await taken_in(owners, other, boris, data)
    assert done["file_counts"]["new"] == 4
    assert [one["code"] for one in done["problems"]] == ["photo_is_the_owners"]
    assert (await owners.get(other, vera)).json()["photo"] is None
    authors = await owners.rows("SELECT DISTINCT author_id FROM attachment WHERE owner_id = :id", id=vera.user_id)
    assert [row.author_id for row in authors] == [boris.user_id]


async def test_entry_takes_no_more_files_than_by_hand(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await lived_in_car(owners, anna)
    expense = await _parking(owners, car, anna)
    await kept(owners, car, anna, PNG, expense_id=expense)
    members = unpacked(await zipped_car(owners, car, anna))
    document = json.loads(members["car.json"])
    [one] = document["attachments"]
    for number in range(MOST_FILES_HERE):
        content = PNG + bytes([number])
        digest = sha256(content).hexdigest()
        members[f"attachments/{digest}"] = content
        document["attachments"].append(one | {"sha256": digest, "size": len(content)})
    members["car.json"] = json.dumps(document).encode()
    done = await taken_in(owners, car, anna, packed(members))
    assert done["file_counts"] == {"new": MOST_FILES_HERE - 1, "duplicate": 1, "conflict": 0}
    assert [problem["code"] for problem in done["problems"]] == ["too_many_files"]
    assert (await sent(owners, car, anna, JPEG, expense_id=expense)).status_code == 409


async def test_next_owner_may_bring_in_what_the_one_before_did(owners: Owners) -> None:
    anna, boris = await owners.sign_in(), await owners.sign_in()
    data = await zipped_car(owners, await full_car(owners, anna), anna)
    car = await owners.car(anna, energy_kinds=["petrol"], vin="XTA21099043576183")
    await taken_in(owners, car, anna, data)
    await handed_over(owners, car, anna, boris)
    done = await taken_in(owners, car, boris, data)
    assert done["file_counts"] == {"new": 5, "duplicate": 0, "conflict": 0}
    assert unpacked(await zipped_car(owners, car, boris)).keys() == unpacked(data).keys()


async def test_wrong_files_are_told_and_the_rest_taken_in(owners: Owners) -> None:
    anna, boris = await owners.sign_in(), await owners.sign_in()
    members = unpacked(await zipped_car(owners, await full_car(owners, anna), anna))
    members[f"attachments/{sha256(PDF).hexdigest()}"] = PDF + b"!"
    document = json.loads(members["car.json"])
    document["attachments"][0]["external_id"] = "nobody"
    members["car.json"] = json.dumps(document).encode()
    other = await owners.car(boris, energy_kinds=["petrol"])
    done = await taken_in(owners, other, boris, packed(members))
    assert {problem["code"] for problem in done["problems"]} == {"hash_mismatch", "record_missing"}
    assert (done["counts"]["new"], done["file_counts"]["new"]) == (6, 3)
    [count] = await owners.rows("SELECT count(*) FROM attachment WHERE owner_id = :id", id=boris.user_id)
    assert count[0] == 3


@pytest.mark.parametrize("kind", ["path-upwards", "link", "bomb", "encrypted", "two-of-a-name", "many-members"])
async def test_hostile_archive_is_refused_and_changes_nothing(owners: Owners, kind: str) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    before = await owners.checksums()
    answer = await send(owners, car, anna, HOSTILE[kind])
    assert answer.status_code == 422, answer.text
    assert await owners.checksums() == before


async def test_archive_above_the_limit_is_refused(owners: Owners) -> None:
    anna = await owners.sign_in()
    car = await owners.car(anna)
    data = packed({"car.json": b"{}", "attachments/x": b"\0" * 10_000_000})
    refused = await send(owners, car, anna, data)
    assert refused.status_code == 413
    assert "10000000" in refused.json()["detail"]
