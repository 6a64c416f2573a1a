"""Identifiers: time-ordered ones for what people make, derived ones for rows made by events."""

from __future__ import annotations

from uuid import UUID

from uuid_utils.compat import uuid5, uuid7


def new_id() -> UUID:
    """A new UUIDv7. Its order means nothing across services."""
    return uuid7()


def derived_id(event_id: UUID, kind: str) -> UUID:
    """The id of the row of this kind that this event makes: the same at every replay (UUIDv5)."""
    return uuid5(event_id, kind)
