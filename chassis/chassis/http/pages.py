"""Keyset pages: newest or oldest first by (instant, id), never an offset."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from chassis.http.schemas import ApiModel
from chassis.problems import BadRequest

MAX_PAGE = 100
DEFAULT_PAGE = 20

type Position = tuple[datetime, UUID]
"""Where a page ends: the sort key of its last row."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = struct.Struct(">q16s")  # 24 bytes, so base64 needs no padding


class Page[T](ApiModel):
    """One page of a list; `next_cursor` asks for the next one."""

    data: list[T]
    next_cursor: str | None
    has_more: bool


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Which page is asked for. Fetch `limit + 1` rows: the extra one tells that there are more."""

    limit: int
    after: Position | None


async def page_query(
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="Rows a page.")] = DEFAULT_PAGE,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before this one, unchanged.")] = None,
) -> PageQuery:
    """The page asked for; a cursor that is not ours answers 400."""
    return PageQuery(limit=limit, after=None if cursor is None else decode_cursor(cursor))


PageRequest = Annotated[PageQuery, Depends(page_query)]


def page[R, T](rows: Sequence[R], limit: int, *, key: Callable[[R], Position], item: Callable[[R], T]) -> Page[T]:
    """The page of the first `limit` rows; `rows` holds one more when there is a next page."""
    shown = rows[:limit]
    return Page(
        data=[item(row) for row in shown],
        next_cursor=next_cursor(rows, limit, key=key),
        has_more=len(rows) > limit,
    )


def next_cursor[R](rows: Sequence[R], limit: int, *, key: Callable[[R], Position]) -> str | None:
    """The cursor behind the last row shown, or None on the last page."""
    return encode_cursor(*key(rows[limit - 1])) if len(rows) > limit else None


def ready_page(data: str, next_position: Position | None) -> bytes:
    """The same page of rows that the database has already made a JSON array of."""
    cursor = "null" if next_position is None else f'"{encode_cursor(*next_position)}"'
    has_more = "false" if next_position is None else "true"
    return f'{{"data":{data},"next_cursor":{cursor},"has_more":{has_more}}}'.encode()


def encode_cursor(at: datetime, row_id: UUID) -> str:
    """A position as opaque text, exact to the microsecond that PostgreSQL keeps."""
    microseconds = (at - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(_CURSOR.pack(microseconds, row_id.bytes)).decode("ascii")


def decode_cursor(cursor: str) -> Position:
    """The position in a cursor; raises BadRequest (400) for anything that `encode_cursor` did not make."""
    try:
        packed = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
        microseconds, id_bytes = _CURSOR.unpack(packed)
        return _EPOCH + timedelta(microseconds=microseconds), UUID(bytes=id_bytes)
    except (ValueError, binascii.Error, struct.error, OverflowError) as error:
        raise BadRequest("The cursor is not one of ours.", slug="bad-cursor") from error
