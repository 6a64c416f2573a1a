"""Files that belong to a car: receipts and invoices of entries, its photo, its documents."""

# ruff: noqa: N818 -- errors are named for the rules that they stand for, as in errors.py

from __future__ import annotations

from datetime import date, datetime
from hashlib import sha256
from typing import Final, Literal, NamedTuple
from uuid import UUID

from owners.domain.errors import DomainError

type MediaType = Literal["image/jpeg", "image/png", "image/webp", "application/pdf"]
type AttachedTo = Literal["service_entry", "expense", "fuel_entry", "document", "photo"]
type DocumentKind = Literal["insurance", "inspection", "registration", "warranty", "other"]
type Validity = Literal["valid", "expiring", "expired"]

MOST_FILE_BYTES: Final = 10_000_000
MOST_FILES: Final = 1_000
"""Of one owner's car."""
MOST_FILES_HERE: Final = 20
"""With one entry or document."""
MOST_CAR_BYTES: Final = 500_000_000
EXPIRING_DAYS: Final = 30


class UnsupportedFile(DomainError):
    """Content that is none of the types that are kept, whatever its name says."""


class TooManyFiles(DomainError):
    """More than there is room for."""


class Attachment(NamedTuple):
    """A file where it belongs; its content is kept once for each owner's car, by its hash."""

    id: UUID
    car_id: UUID
    owner_id: UUID
    author_id: UUID
    attached_to: AttachedTo
    target_id: UUID
    name: str | None
    media_type: MediaType
    size: int
    sha256: bytes
    created_at: datetime


class KeptFile(NamedTuple):
    """A file as it is taken along; `imported_as`: the external id of the record that it belongs to, if that has one."""

    sha256: bytes
    name: str | None
    media_type: MediaType
    size: int
    attached_to: AttachedTo
    target_id: UUID
    imported_as: str | None


class CarDocument(NamedTuple):
    """A paper with a term: an insurance, an inspection. `expires_on` is the last day on which it is valid."""

    id: UUID
    car_id: UUID
    owner_id: UUID
    author_id: UUID
    kind: DocumentKind
    number: str | None
    issued_by: str | None
    issued_on: date | None
    expires_on: date | None
    note: str | None
    created_at: datetime
    updated_at: datetime
    version: int

    def validity(self, today: date) -> Validity | None:
        """How it stands that day; None for a document without an end."""
        if self.expires_on is None:
            return None
        left = (self.expires_on - today).days
        return "expired" if left < 0 else "expiring" if left <= EXPIRING_DAYS else "valid"


def media_type_of(content: bytes) -> MediaType:
    """What the content itself says that it is; raises UnsupportedFile. What a client calls it counts for nothing."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    raise UnsupportedFile("Only JPEG, PNG and WEBP images and PDF documents are kept.")


def digest_of(content: bytes) -> bytes:
    """SHA-256."""
    return sha256(content).digest()
