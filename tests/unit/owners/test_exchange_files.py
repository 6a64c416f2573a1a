"""Files of a car as they go out in a zip, and what an import does with each."""

import zipfile
from collections.abc import AsyncIterator
from hashlib import sha256
from io import BytesIO
from typing import Any
from uuid import UUID

from contracts.exchange import LISTS, ExchangeAttachment
from contracts.exchange_terms import ExchangeTerms
from owners.domain.car import Car
from owners.domain.files import MOST_CAR_BYTES, MOST_FILES_HERE, KeptFile
from owners.exchange.archive_writer import archive_of
from owners.exchange.candidate import Candidate
from owners.exchange.difference_files import Standing, compared_files
from owners.exchange.document import DocumentWriter
from owners.exchange.files import AT_ONCE_BYTES, in_pieces
from owners.exchange.job import FileCandidate
from tests.unit.owners.test_exchange_archive import NOW, PDF, PNG, file_of, read

CAR = UUID(int=7)


def candidate(kind: Any, external_id: str | None) -> Candidate:
    return Candidate(1, "documents", kind, external_id, "{}", "", None, None, {})


def arriving(
    sha: int, external_id: str | None = "paper", *, size: int = 10, belongs_to: Any = "document"
) -> FileCandidate:
    return FileCandidate(sha, f"{sha:064x}", None, "image/png", size, belongs_to, external_id)


def standing(*kept: KeptFile, record_id: UUID | None = None, attested: bool = False, owner: bool = True) -> Standing:
    return Standing(
        CAR,
        may_change_photo=owner,
        records=[(candidate("document", "paper"), record_id)],
        files=kept,
        attested={record_id} if attested and record_id else set(),
    )


def kept(sha: int, target: UUID, *, size: int = 10) -> KeptFile:
    return KeptFile(sha.to_bytes(32), None, "image/png", size, "document", target, None)


def statuses(files: list[FileCandidate], there: Standing) -> list[str]:
    """The status of each file, or the code of its problem."""
    found, problems = compared_files(files, there)
    told = {one.file.line: one.status for one in found} | {one.line: one.code for one in problems}
    return [told[file.line] for file in files]


def test_file_is_new_once_and_a_duplicate_where_it_is_already() -> None:
    here = UUID(int=1)
    assert statuses([arriving(1)], standing()) == ["new"]
    assert statuses([arriving(1), arriving(2)], standing(kept(1, here), record_id=here)) == ["duplicate", "new"]
    found, _ = compared_files([arriving(1), arriving(1)], standing())
    assert [one.status for one in found] == ["new", "duplicate"]


def test_file_of_no_record_or_of_an_attested_one_stays_out() -> None:
    assert statuses([arriving(1, "other")], standing()) == ["record_missing"]
    assert statuses([arriving(1, belongs_to="expense")], standing()) == ["record_missing"]
    assert statuses([arriving(1)], standing(record_id=UUID(int=1), attested=True)) == ["record_is_attested"]


def test_photo_is_the_owners_and_another_one_stays() -> None:
    photo = arriving(1, None, belongs_to="photo")
    assert statuses([photo], standing()) == ["new"]
    assert statuses([photo], standing(owner=False)) == ["photo_is_the_owners"]
    assert statuses([photo], standing(kept(1, CAR), owner=False)) == ["duplicate"]
    assert statuses([photo], standing(kept(2, CAR))) == ["conflict"]
    assert statuses([photo, arriving(2, None, belongs_to="photo")], standing()) == ["new", "conflict"]


def test_limits_are_those_of_files_that_come_one_by_one() -> None:
    many = [arriving(number) for number in range(1, MOST_FILES_HERE + 2)]
    assert statuses(many, standing()) == ["new"] * MOST_FILES_HERE + ["too_many_files"]
    full = kept(1, UUID(int=9), size=MOST_CAR_BYTES - 15)
    assert statuses([arriving(2), arriving(3)], standing(full)) == ["new", "too_many_files"]


def test_files_are_taken_as_many_at_a_time_as_memory_is_meant_for() -> None:
    half = AT_ONCE_BYTES // 2
    assert list(in_pieces([])) == []
    assert list(in_pieces([("a", half), ("b", half), ("c", 1), ("d", AT_ONCE_BYTES), ("e", 1)])) == [
        ["a", "b"],
        ["c"],
        ["d"],
        ["e"],
    ]


def document_of(*files: dict[str, Any]) -> DocumentWriter:
    names = ("vin", "frame_number", "plate", "year", "nickname")
    purchase = ("date", "price_minor", "currency", "odometer_value", "odometer_unit")
    details = dict.fromkeys((*names, *(f"purchase_{name}" for name in purchase)))
    told = {"make": "Lada", "model": "Niva", "tags": [], "energy_kinds": [], "odometer_unit": "km", "currency": "RUB"}
    car = Car.registered(CAR, UUID(int=8), details | told, NOW)
    terms = ExchangeTerms(depreciation=None, loan=None, valuations=(), schedules=())
    attachments = [ExchangeAttachment.model_validate(file) for file in files]
    document = DocumentWriter(car, NOW, terms=terms, attachments=attachments)
    for kind in LISTS:
        document.begin(kind)
    return document


async def test_archive_asks_for_a_file_when_the_one_before_was_taken_and_keeps_no_more_than_a_piece() -> None:
    asked: list[int] = []
    big = [PNG + bytes([number]) * 3_000_000 for number in range(4)]

    async def contents() -> AsyncIterator[tuple[str, bytes]]:
        for number, content in enumerate(big):
            asked.append(number)
            yield sha256(content).hexdigest(), content

    pieces = archive_of(document_of(*map(file_of, big)), contents())
    taken, data = 0, bytearray()
    async for piece in pieces:
        assert len(piece) < 300_000
        taken += len(piece)
        assert len(asked) <= taken // 3_000_000 + 1
        data += piece
    assert asked == [0, 1, 2, 3]
    with zipfile.ZipFile(BytesIO(data)) as archive:
        assert [archive.read(name) for name in archive.namelist()[:-1]] == big


async def test_file_that_was_removed_meanwhile_is_not_told_of() -> None:
    async def contents() -> AsyncIterator[tuple[str, bytes]]:
        yield sha256(PNG).hexdigest(), PNG

    data = b"".join([piece async for piece in archive_of(document_of(file_of(PNG), file_of(PDF)), contents())])
    found = read(data)
    assert ([one.sha256 for one in found.files], found.problems) == ([sha256(PNG).hexdigest()], [])
