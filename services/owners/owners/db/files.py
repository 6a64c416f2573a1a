"""Files of cars, their documents, and the edits of entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, delete, func, insert, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert

from chassis.db import Transaction
from chassis.http import Position
from owners.db.bulk import any_of, columns_of
from owners.db.models import attachment, car_document, entry_edit, file_content
from owners.db.ownership import Whose
from owners.domain.files import Attachment, CarDocument

_EDITS: Final = ("kind", "number", "issued_by", "issued_on", "expires_on", "note", "updated_at", "version")


async def insert_attachment(tx: Transaction, new: Attachment, content: bytes) -> bool:
    """Adds a file; False when the same content is there already."""
    kept = {"car_id": new.car_id, "owner_id": new.owner_id, "sha256": new.sha256, "content": content}
    await tx.execute(upsert(file_content).values(kept).on_conflict_do_nothing())
    added = upsert(attachment).values(columns_of(new)).on_conflict_do_nothing(constraint="attachment_once")
    return (await tx.execute(added.returning(attachment.c.id))).first() is not None


async def room_taken(tx: Transaction, whose: Whose, target_id: UUID) -> tuple[int, int, int]:
    """How many files an owner's car has, how many bytes they are, and how many belong to the target."""
    here = func.count().filter(attachment.c.target_id == target_id).label("here")
    size = func.coalesce(func.sum(attachment.c.size), 0).label("size")
    asked = select(func.count().label("files"), size, here)
    of_car = asked.where(attachment.c.car_id == whose.car_id, attachment.c.owner_id == whose.owner_id)
    row = (await tx.execute(of_car)).one()
    return row.files, int(row.size), row.here


async def find_attachment(tx: Transaction, attachment_id: UUID) -> Attachment | None:
    """A file that the caller may see, without its content."""
    row = (await tx.execute(select(attachment).where(attachment.c.id == attachment_id))).one_or_none()
    return None if row is None else _attachment(row)


async def same_content(tx: Transaction, like: Attachment) -> Attachment | None:
    """The file with this content at the same place."""
    columns = attachment.c
    same = (columns.target_id == like.target_id, columns.owner_id == like.owner_id, columns.sha256 == like.sha256)
    row = (await tx.execute(select(attachment).where(*same))).one_or_none()
    return None if row is None else _attachment(row)


async def content_of(tx: Transaction, found: Attachment) -> bytes | None:
    """The file itself."""
    columns = file_content.c
    same = (columns.car_id == found.car_id, columns.owner_id == found.owner_id, columns.sha256 == found.sha256)
    content: bytes | None = (await tx.execute(select(columns.content).where(*same))).scalar_one_or_none()
    return content


async def attachments_of(tx: Transaction, targets: Sequence[UUID]) -> dict[UUID, list[Attachment]]:
    """The files that belong to each of these, the first attached first."""
    found: dict[UUID, list[Attachment]] = {target: [] for target in targets}
    if targets:
        wanted = select(attachment).where(attachment.c.target_id == any_of(targets))
        for row in await tx.execute(wanted.order_by(attachment.c.created_at, attachment.c.id)):
            found[row.target_id].append(_attachment(row))
    return found


async def delete_attachments(tx: Transaction, ids: Sequence[UUID]) -> None:
    """Removes files; content that belongs nowhere any more goes with them."""
    await tx.execute(delete(attachment).where(attachment.c.id == any_of(ids)))


async def insert_document(tx: Transaction, new: CarDocument) -> None:
    """Adds a document."""
    await tx.execute(insert(car_document).values(columns_of(new)))


async def find_document(tx: Transaction, car_id: UUID, document_id: UUID) -> CarDocument | None:
    """A document of that car which the caller may see."""
    wanted = select(car_document).where(car_document.c.id == document_id, car_document.c.car_id == car_id)
    row = (await tx.execute(wanted)).one_or_none()
    return None if row is None else _document(row)


async def list_documents(tx: Transaction, car_id: UUID, *, after: Position | None, limit: int) -> list[CarDocument]:
    """The car's documents, the latest entered first."""
    columns = car_document.c
    found: Select[Any] = select(car_document).where(columns.car_id == car_id)
    if after is not None:
        found = found.where(tuple_(columns.created_at, columns.id) < after)
    rows = await tx.execute(found.order_by(columns.created_at.desc(), columns.id.desc()).limit(limit))
    return [_document(row) for row in rows]


async def save_document(tx: Transaction, changed: CarDocument) -> None:
    """Writes an edited document."""
    values = {name: getattr(changed, name) for name in _EDITS}
    await tx.execute(update(car_document).where(car_document.c.id == changed.id).values(values))


async def delete_document(tx: Transaction, document_id: UUID) -> None:
    """Removes a document with its files."""
    await tx.execute(delete(car_document).where(car_document.c.id == document_id))


async def edits_of(tx: Transaction, entry_id: UUID, *, before: int | None, limit: int) -> list[Row[Any]]:
    """What an entry was before its edits, the latest first: those that made a version below `before`."""
    found = select(entry_edit).where(entry_edit.c.entry_id == entry_id)
    if before is not None:
        found = found.where(entry_edit.c.version < before)
    return list((await tx.execute(found.order_by(entry_edit.c.version.desc()).limit(limit))).all())


async def forget_files_of(tx: Transaction, user_id: UUID) -> None:
    """Removes the files, documents and former texts of entries of somebody's own cars: names may stand in them."""
    for table in (attachment, car_document, entry_edit):
        await tx.execute(delete(table).where(table.c.owner_id == user_id))


def _attachment(row: Row[Any]) -> Attachment:
    return Attachment(**row._mapping)  # noqa: SLF001 -- SQLAlchemy's documented name


def _document(row: Row[Any]) -> CarDocument:
    return CarDocument(**row._mapping)  # noqa: SLF001 -- SQLAlchemy's documented name
