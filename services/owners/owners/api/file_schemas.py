"""Files as they are shown where they belong."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.http import ApiModel
from owners.domain.files import Attachment, MediaType


class AttachmentResponse(ApiModel):
    """A file. `media_type` is what its content says; `sha256` is its hash, in hexadecimal."""

    id: UUID
    name: str | None
    media_type: MediaType
    size: int
    sha256: str
    author_id: UUID
    created_at: datetime


def attachment_response(found: Attachment) -> AttachmentResponse:
    """The file without its content."""
    return AttachmentResponse(
        id=found.id,
        name=found.name,
        media_type=found.media_type,
        size=found.size,
        sha256=found.sha256.hex(),
        author_id=found.author_id,
        created_at=found.created_at,
    )
