"""Files of a car, for taking them along and for bringing them in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final
from uuid import UUID

from chassis.db import Transaction
from owners.db.bulk import columns_of, insert_new
from owners.db.models import attachment, car_document
from owners.db.ownership import Whose
from owners.domain.files import Attachment, CarDocument, KeptFile

_FILES: Final = """
    SELECT a.sha256, a.name, a.media_type, a.size, a.attached_to, a.target_id, imported.external_id AS imported_as
    FROM attachment AS a
    LEFT JOIN imported_record AS imported ON imported.record_id = a.target_id
    WHERE a.car_id = $1 AND a.owner_id = $2
"""
_CONTENTS: Final = """
    SELECT sha256, content FROM file_content
    WHERE car_id = $1 AND owner_id = $2 AND sha256 = ANY($3::bytea[]) ORDER BY sha256
"""
_KEEP_CONTENTS: Final = """
    INSERT INTO file_content (car_id, owner_id, sha256, content)
    SELECT $1::uuid, $2::uuid, given.* FROM unnest($3::bytea[], $4::bytea[]) AS given ON CONFLICT DO NOTHING
"""
_ATTESTED: Final = """
    SELECT id FROM service_entry WHERE id = ANY($1::uuid[]) AND provenance = 'attested'
    UNION ALL SELECT id FROM expense WHERE id = ANY($1::uuid[]) AND provenance = 'attested'
"""
_STATE: Final = """
    SELECT md5(string_agg(of_one, ',' ORDER BY of_one)) FROM (
        SELECT id || ':' || version FROM car_document WHERE car_id = $1
        UNION ALL SELECT id::text FROM attachment WHERE car_id = $1
    ) AS papers (of_one)
"""


async def files_of(tx: Transaction, whose: Whose) -> list[KeptFile]:
    """All files of an owner's car, which are not many (domain/files.py), without their content."""
    return [KeptFile(**row) for row in await tx.rows(_FILES, whose.car_id, whose.owner_id)]


async def contents_of(tx: Transaction, whose: Whose, digests: Collection[bytes]) -> list[tuple[bytes, bytes]]:
    """SHA-256 and content of those of these files that are there, by SHA-256. The caller bounds their sum."""
    return [(row["sha256"], row["content"]) for row in await tx.rows(_CONTENTS, *whose, list(digests))]


async def attested_among(tx: Transaction, ids: Sequence[UUID]) -> set[UUID]:
    """The services and expenses among these which are attested."""
    return {row["id"] for row in await tx.rows(_ATTESTED, ids)} if ids else set()


async def state_of_papers(tx: Transaction, car_id: UUID) -> str | None:
    """Another text as soon as a document or a file of the car is another one."""
    [row] = await tx.rows(_STATE, car_id)
    state: str | None = row[0]
    return state


async def keep_contents(tx: Transaction, whose: Whose, contents: Iterable[tuple[bytes, bytes]]) -> None:
    """Keeps files by their SHA-256, each once. The caller bounds their sum."""
    digests, files = zip(*contents, strict=True)
    await tx.rows(_KEEP_CONTENTS, *whose, digests, files)


async def insert_documents(tx: Transaction, new: Sequence[CarDocument]) -> None:
    """Adds documents."""
    await insert_new(tx, car_document, [columns_of(one) for one in new])


async def insert_attachments(tx: Transaction, new: Sequence[Attachment]) -> None:
    """Says where files belong whose content is kept already."""
    await insert_new(tx, attachment, [columns_of(one) for one in new])
