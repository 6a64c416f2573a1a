"""A zip with a document and its files, read as the limited process does it."""

import json
import stat
import zipfile
from base64 import b64decode
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest

from owners.exchange.job import Job, ReadFile
from owners.exchange.sandbox import read_file
from owners.exchange.worker import lines
from owners.imports.rows import Declared, NotReadable

type Members = dict[str, bytes]

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"
PDF = b"%PDF-1.7 invoice"
PAPER: dict[str, Any] = {
    "external_id": "paper",
    "document_kind": "insurance",
    "number": None,
    "issued_by": None,
    "issued_on": "2024-01-01",
    "expires_on": "2025-01-01",
    "note": None,
}
NOW = datetime(2025, 1, 1, tzinfo=UTC)


def job(*, contents: bool = False) -> Job:
    return Job(Declared(), "UTC", NOW, contents=contents)


def file_of(content: bytes, **other: Any) -> dict[str, Any]:
    kind = "application/pdf" if content.startswith(b"%PDF") else "image/png"
    told = {"sha256": sha256(content).hexdigest(), "name": None, "media_type": kind, "size": len(content)}
    return told | {"belongs_to": "document", "external_id": "paper"} | other


def members(*files: dict[str, Any], contents: tuple[bytes, ...] = (PNG, PDF), **parts: Any) -> Members:
    document = {"format": "carpass.exchange.v1", "data": {"documents": [PAPER]}, "attachments": list(files)} | parts
    named = {f"attachments/{sha256(content).hexdigest()}": content for content in contents}
    return {"car.json": json.dumps(document).encode(), **named}


def packed(members: Members | list[tuple[str | zipfile.ZipInfo, bytes]]) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in members.items() if isinstance(members, dict) else members:
            archive.writestr(name, content)
    return made.getvalue()


def read(data: bytes, *, contents: bool = False) -> ReadFile:
    found = ReadFile()
    for line in lines(data, job(contents=contents)):
        found.take(json.loads(line))
    return found


def test_files_are_read_with_their_contents_only_when_asked() -> None:
    data = packed(members(file_of(PNG, name="Скан"), file_of(PDF), file_of(PNG, belongs_to="photo", external_id=None)))
    shown, taken = read(data), read(data, contents=True)
    assert (shown.problems, shown.contents) == ([], {})
    assert [(one.line, one.belongs_to, one.name) for one in shown.files] == [
        (1, "document", "Скан"),
        (2, "document", None),
        (3, "photo", None),
    ]
    assert taken.files == shown.files
    assert taken.contents == {sha256(one).hexdigest(): one for one in (PNG, PDF)}


def test_a_files_content_is_told_once_however_often_it_is_attached() -> None:
    told = [
        json.loads(line)
        for line in lines(packed(members(file_of(PNG), file_of(PNG), contents=(PNG,))), job(contents=True))
    ]
    contents = [b64decode(line["content"]["base64"]) for line in told if "content" in line]
    assert contents == [PNG]


def test_an_archives_directory_is_parsed_as_often_for_many_files_as_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    archives = []
    for count in (1, 30):
        contents = tuple(PDF + bytes([number]) for number in range(count))
        archives.append(packed(members(*map(file_of, contents), contents=contents)))
    parsed = 0
    opening = zipfile.ZipFile.__init__

    def counted(self: zipfile.ZipFile, *args: Any, **options: Any) -> None:
        nonlocal parsed
        parsed += 1
        opening(self, *args, **options)

    monkeypatch.setattr(zipfile.ZipFile, "__init__", counted)
    costs = []
    for data in archives:
        parsed = 0
        assert read(data, contents=True).problems == []
        costs.append(parsed)
    assert costs[0] == costs[1]


@pytest.mark.parametrize(
    ("file", "contents", "code"),
    [
        ({}, (PDF,), "content_missing"),
        ({"size": 1}, (PNG, PDF), "size_mismatch"),
        ({"size": 10_000_001}, (PNG, PDF), "less_than_equal"),
        ({"size": 7.5}, (PNG, PDF), "int_type"),
        ({"media_type": "application/pdf"}, (PNG, PDF), "media_type_mismatch"),
        ({"media_type": "text/html"}, (PNG, PDF), "literal_error"),
        ({"external_id": None}, (PNG, PDF), "wrong_place"),
        ({"belongs_to": "photo"}, (PNG, PDF), "wrong_place"),
        ({"belongs_to": "odometer"}, (PNG, PDF), "literal_error"),
        ({"sha256": "../" * 21 + "x"}, (PNG, PDF), "string_pattern_mismatch"),
        ({"sha256": ["x"]}, (PNG, PDF), "string_type"),
        ({"owner_id": str(uuid4())}, (PNG, PDF), "extra_forbidden"),
        ({"name": "x" * 201}, (PNG, PDF), "string_too_long"),
    ],
)
def test_wrong_file_is_told_by_its_place_and_the_next_one_read(
    file: dict[str, Any], contents: tuple[bytes, ...], code: str
) -> None:
    found = read(packed(members(file_of(PNG) | file, file_of(PDF), contents=contents)))
    [problem] = [one for one in found.problems if one.code != "unknown_member"]
    assert (problem.line, problem.code, problem.field.partition("/")[0]) == (1, code, "attachments")
    assert [one.line for one in found.files] == [2]


def test_content_that_its_name_does_not_promise_is_a_mismatch() -> None:
    name = f"attachments/{sha256(PNG).hexdigest()}"
    found = read(packed(members(file_of(PNG)) | {name: PNG[:-1] + b"!"}), contents=True)
    assert [one.code for one in found.problems if one.line == 1 and one.field != "archive"] == ["hash_mismatch"]
    assert (found.files, found.contents) == ([], {})


@pytest.mark.parametrize("content", [packed({"car.json": b"{}"}), b"<html>", b"MZ\x90", b""])
def test_content_that_is_no_picture_or_paper_is_told(content: bytes) -> None:
    told = file_of(PNG) | {"sha256": sha256(content).hexdigest(), "size": len(content) or 1}
    found = read(packed(members(told, contents=(content,))))
    assert [one.code for one in found.problems] == ["unsupported_file"]


def test_paper_is_no_photo() -> None:
    found = read(packed(members(file_of(PDF, belongs_to="photo", external_id=None), contents=(PDF,))))
    assert [one.code for one in found.problems] == ["unsupported_file"]


def test_document_without_its_archive_counts_the_files_that_stay_out() -> None:
    terms: dict[str, Any] = {"valuations": [1, 2], "schedules": "x", "loan": {}, "depreciation": None}
    assert read(members(file_of(PNG), file_of(PDF), terms=terms)["car.json"]).ignored == {"files": 2, "terms": 3}


def test_document_that_expires_before_it_is_issued_is_told() -> None:
    data = {"documents": [PAPER | {"expires_on": "2023-01-01"}]}
    assert [one.field for one in read(members(data=data)["car.json"]).problems] == ["documents/expires_on"]


def hostile(name: str, content: bytes = b"x", **changes: Any) -> bytes:
    member = zipfile.ZipInfo(name)
    for field, value in changes.items():
        setattr(member, field, value)
    return packed([("car.json", members()["car.json"]), (member, content)])


def encrypted() -> bytes:
    data = bytearray(hostile("attachments/a"))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.rfind(signature) + at] |= 1
    return bytes(data)


def of_zip64() -> bytes:
    data = hostile("attachments/a")
    return data[:-22] + b"PK\x06\x07" + b"\0" * 16 + data[-22:]


HOSTILE: dict[str, bytes] = {
    "path-upwards": hostile("../car.json"),
    "absolute-path": hostile("/etc/passwd"),
    "backslashes": hostile("attachments/..\\..\\x"),
    "drive": hostile("c:/x"),
    "link": hostile("attachments/link", b"/etc/passwd", external_attr=(stat.S_IFLNK | 0o777) << 16),
    "bomb": hostile("attachments/bomb", b"\0" * 20_000_000, compress_type=zipfile.ZIP_DEFLATED),
    "lzma": hostile("attachments/lzma", b"x" * 100, compress_type=zipfile.ZIP_LZMA),
    "bzip2": hostile("attachments/bz2", b"x" * 100, compress_type=zipfile.ZIP_BZIP2),
    "encrypted": encrypted(),
    "two-of-a-name": hostile("car.jsom", b"{}").replace(b"car.jsom", b"car.json"),
    "many-members": packed([(f"{number:05}", b"") for number in range(6_000)]),
    "zip64": of_zip64(),
    "cut-off": packed(members())[:-30],
    "no-document": packed({"car.json": b"{}"}),
    "files-are-no-list": packed(members(attachments={})),
    "far-too-many-files": packed(members(attachments=[{}] * 5_001)),
    "deep": packed({"car.json": b'{"format":"carpass.exchange.v1","data":{},"attachments":' + b"[" * 100_000}),
    "nothing-in-it": b"PK\x05\x06" + b"\0" * 18,
    "garbage": b"PK\x03\x04" + b"\xff" * 1_000,
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
async def test_hostile_archive_is_refused_by_the_limited_process(data: bytes) -> None:
    with pytest.raises(NotReadable):
        await read_file(data, job(contents=True))


def test_members_that_nothing_names_are_told_and_folders_are_not() -> None:
    data = packed([*members(file_of(PNG)).items(), ("attachments/", b""), ("__MACOSX/\x1b[2J", b"x")])
    found = read(data)
    assert [(one.code, one.message.partition(" ")[0]) for one in found.problems] == [
        ("unknown_member", f"attachments/{sha256(PDF).hexdigest()}"),
        ("unknown_member", "__MACOSX/?[2J"),
    ]
