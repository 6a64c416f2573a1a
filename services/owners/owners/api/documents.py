"""A car's documents: insurance, inspection and other papers with a term."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from chassis.db import Transaction
from chassis.http import Action, Answer, ApiModel, Caller, Page, PageRequest, Reader, VersionedAction, page
from chassis.problems import NotFound
from owners.api.context import Now
from owners.api.file_schemas import AttachmentResponse, attachment_response
from owners.api.ownership_schemas import Day
from owners.api.values import Edit, Note, text_of
from owners.commands.access import demand
from owners.commands.keep_document import add_document, edit_document, remove_document
from owners.commands.time_zone import zone_of
from owners.db.files import attachments_of, find_document, list_documents
from owners.domain.access import Right
from owners.domain.files import Attachment, CarDocument, DocumentKind, Validity
from owners.domain.local_time import local_date

router = APIRouter(tags=["documents"])

Words = Annotated[str, text_of(200)]
Expiry = Annotated[Day, Field(description="The last day on which it is valid.")]


class AddDocumentRequest(ApiModel):
    """A document; its scan is attached with POST /v1/attachments."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"kind": "insurance", "number": "ХХХ 0123456789", "expires_on": "2027-03-14"}]}
    )

    kind: DocumentKind
    number: Words | None = None
    issued_by: Words | None = None
    issued_on: Day | None = None
    expires_on: Expiry | None = None
    note: Note | None = None

    def details(self) -> dict[str, Any]:
        """What the domain calls the document's details."""
        return {name: getattr(self, name) for name in type(self).model_fields}


class EditDocumentRequest(Edit):
    """The fields to change; those left out stay as they are."""

    nullable: ClassVar[frozenset[str]] = frozenset({"number", "issued_by", "issued_on", "expires_on", "note"})

    kind: DocumentKind | SkipJsonSchema[None] = None
    number: Words | None = None
    issued_by: Words | None = None
    issued_on: Day | None = None
    expires_on: Expiry | None = None
    note: Note | None = None


class DocumentResponse(ApiModel):
    """A document. `validity` is that of today: `expiring` within 30 days; null without an end."""

    id: UUID
    kind: DocumentKind
    number: str | None
    issued_by: str | None
    issued_on: date | None
    expires_on: date | None
    validity: Validity | None
    note: str | None
    attachments: list[AttachmentResponse]
    author_id: UUID
    created_at: datetime
    updated_at: datetime


@router.get("/v1/cars/{car_id}/documents")
async def list_car_documents(
    *, car_id: UUID, tx: Reader, caller: Caller, paging: PageRequest, now: Now
) -> Page[DocumentResponse]:
    """The car's documents, the latest entered first."""
    await demand(tx, car_id, caller.user_id, Right.READ)
    rows = await list_documents(tx, car_id, after=paging.after, limit=paging.limit + 1)
    files = await attachments_of(tx, [row.id for row in rows])
    today = local_date(now, await zone_of(tx, None, caller.user_id))
    return page(
        rows,
        paging.limit,
        key=lambda row: (row.created_at, row.id),
        item=lambda row: _response(row, files[row.id], today),
    )


@router.post("/v1/cars/{car_id}/documents", status_code=201, response_model=DocumentResponse)
async def add_car_document(car_id: UUID, body: AddDocumentRequest, action: Action, now: Now) -> Response:
    """Enters a document; for the owner and managers."""
    caller_id = action.caller.user_id

    async def use_case(tx: Transaction) -> tuple[CarDocument, list[Attachment], date]:
        made = await add_document(tx, car_id, body.details(), caller_id=caller_id, now=now)
        return await _seen(tx, made, caller_id, now)

    return await action.run(use_case, lambda seen: _shown(seen, status=201))


@router.get("/v1/cars/{car_id}/documents/{document_id}", response_model=DocumentResponse)
async def get_car_document(car_id: UUID, document_id: UUID, tx: Reader, caller: Caller, now: Now) -> Response:
    """One document."""
    await demand(tx, car_id, caller.user_id, Right.READ)
    found = await find_document(tx, car_id, document_id)
    if found is None:
        raise NotFound
    return _shown(await _seen(tx, found, caller.user_id, now)).response()


@router.patch("/v1/cars/{car_id}/documents/{document_id}", response_model=DocumentResponse)
async def edit_car_document(
    car_id: UUID, document_id: UUID, body: EditDocumentRequest, action: VersionedAction, now: Now
) -> Response:
    """Changes a document."""
    caller_id = action.caller.user_id

    async def use_case(tx: Transaction) -> tuple[CarDocument, list[Attachment], date]:
        edited = await edit_document(
            tx,
            car_id,
            document_id,
            body.changes(),
            caller_id=caller_id,
            expected_version=lambda: action.expected_version,
            now=now,
        )
        return await _seen(tx, edited, caller_id, now)

    return await action.run(use_case, _shown)


@router.delete("/v1/cars/{car_id}/documents/{document_id}", status_code=204)
async def remove_car_document(car_id: UUID, document_id: UUID, action: VersionedAction) -> Response:
    """Removes a document with its files."""

    async def use_case(tx: Transaction) -> None:
        await remove_document(
            tx,
            car_id,
            document_id,
            caller_id=action.caller.user_id,
            expected_version=lambda: action.expected_version,
        )

    return await action.run(use_case, lambda _: Answer(204))


async def _seen(
    tx: Transaction, document: CarDocument, caller_id: UUID, now: datetime
) -> tuple[CarDocument, list[Attachment], date]:
    files = await attachments_of(tx, [document.id])
    return document, files[document.id], local_date(now, await zone_of(tx, None, caller_id))


def _shown(seen: tuple[CarDocument, list[Attachment], date], status: int = 200) -> Answer:
    document, files, today = seen
    location = f"/v1/cars/{document.car_id}/documents/{document.id}" if status == 201 else None  # noqa: PLR2004
    return Answer(status, _response(document, files, today), version=document.version, location=location)


def _response(document: CarDocument, files: list[Attachment], today: date) -> DocumentResponse:
    return DocumentResponse(
        id=document.id,
        kind=document.kind,
        number=document.number,
        issued_by=document.issued_by,
        issued_on=document.issued_on,
        expires_on=document.expires_on,
        validity=document.validity(today),
        note=document.note,
        attachments=[attachment_response(one) for one in files],
        author_id=document.author_id,
        created_at=document.created_at,
        updated_at=document.updated_at,
    )
