"""Files of a car: what belongs to entries and documents, and its photo."""

from __future__ import annotations

from typing import Annotated, Final, Self
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, model_validator

from chassis.db import Transaction
from chassis.http import Acting, Action, Answer, ApiModel, Caller, Reader, http_context
from chassis.problems import Invalid, NotFound
from owners.api.context import Now
from owners.api.file_schemas import AttachmentResponse, attachment_response
from owners.api.values import text_of
from owners.commands.attach_file import Target, attach_file, remove_file
from owners.db.files import content_of, find_attachment
from owners.domain.files import AttachedTo, Attachment, MediaType

PATH: Final = "/v1/attachments"
_EXTENSIONS: Final[dict[MediaType, str]] = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "application/pdf": "pdf",
}

router = APIRouter(tags=["files"])


class AttachQuery(ApiModel):
    """Where the file belongs: to one entry or one document, or `photo=true`."""

    car_id: UUID
    service_entry_id: UUID | None = None
    expense_id: UUID | None = None
    fuel_entry_id: UUID | None = None
    document_id: UUID | None = None
    photo: bool = False
    name: Annotated[str | None, text_of(200), Field(description="What people call the file.")] = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        self.target()
        return self

    def target(self) -> Target:
        """The one place that is named."""
        named: dict[AttachedTo, UUID | None] = {
            "service_entry": self.service_entry_id,
            "expense": self.expense_id,
            "fuel_entry": self.fuel_entry_id,
            "document": self.document_id,
            "photo": self.car_id if self.photo else None,
        }
        places = [(kind, place) for kind, place in named.items() if place is not None]
        if len(places) != 1:
            raise ValueError(
                "name exactly one of service_entry_id, expense_id, fuel_entry_id, document_id and photo=true"
            )
        [(kind, place)] = places
        return Target(self.car_id, kind, place)


@router.post(
    PATH,
    status_code=201,
    response_model=AttachmentResponse,
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The file itself, of at most 10 MB: JPEG, PNG, WEBP or PDF.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def attach(request: Request, caller: Caller, now: Now, asked: Annotated[AttachQuery, Query()]) -> Response:
    """Keeps a file with an entry or a document, or as the car's photo, in place of the one before.

    What it is, its content tells, not its name or Content-Type (415-like contents get 422). The same content at the
    same place is kept once. Who may edit the entry may do this; documents are for the owner and managers, the photo
    is the owner's. An attested service takes none (409).
    """
    content = await request.body()
    if not content:
        raise Invalid("The body is the file itself, and it is empty.", slug="empty-file")
    # The question is part of what is asked under a key, not only the file.
    action = Acting(http_context(request), request, caller, request.url.query.encode() + b"\n" + content)

    async def use_case(tx: Transaction) -> Attachment:
        return await attach_file(tx, asked.target(), asked.name, content, caller_id=caller.user_id, now=now)

    return await action.run(use_case, lambda made: Answer(201, attachment_response(made), location=f"{PATH}/{made.id}"))


@router.get(
    PATH + "/{attachment_id}",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "The file."}},
)
async def download(attachment_id: UUID, request: Request, tx: Reader) -> Response:
    """The file, to be saved: never shown as a page of this site, whatever is in it."""
    found = await find_attachment(tx, attachment_id)
    if found is None:
        raise NotFound
    headers = {
        "ETag": f'"{found.sha256.hex()}"',
        "Content-Disposition": _disposition(found),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, no-cache",
    }
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    content = await content_of(tx, found)
    if content is None:
        raise NotFound
    return Response(content, media_type=found.media_type, headers=headers)


@router.delete(PATH + "/{attachment_id}", status_code=204)
async def remove(attachment_id: UUID, action: Action, now: Now) -> Response:
    """Removes a file. Nothing of it ever changes, so there is no version to name."""
    return await action.run(
        lambda tx: remove_file(tx, attachment_id, caller_id=action.caller.user_id, now=now), lambda _: Answer(204)
    )


def _disposition(found: Attachment) -> str:
    extension = _EXTENSIONS[found.media_type]
    plain = f'attachment; filename="{found.sha256.hex()[:12]}.{extension}"'
    return plain if found.name is None else f"{plain}; filename*=UTF-8''{quote(found.name, safe='')}"
